import { findTextFile } from '../lib/files.ts';
import type { Arch } from '../model/pins.ts';

export type Platform = {
  readonly arch: Arch;
  /** The distribution and its release, such as `debian-bookworm`. */
  readonly distribution: string;
};

const archs: Readonly<Record<string, Arch>> = { x64: 'amd64', arm64: 'arm64' };

/** `debian-bookworm` out of /etc/os-release. */
export const parseDistribution = (text: string): string => {
  const values = new Map([...text.matchAll(/^(\w+)="?([^"\n]*)"?$/gm)].map(([, name, value]) => [name, value]));
  return `${values.get('ID') ?? 'linux'}-${values.get('VERSION_CODENAME') ?? values.get('VERSION_ID') ?? 'any'}`;
};

/** This machine's platform. */
export const detectPlatform = async (nodeArch: string = process.arch): Promise<Platform> => {
  const arch = archs[nodeArch];
  if (!arch) throw new Error(`no artifacts are pinned for ${nodeArch}`);
  return { arch, distribution: parseDistribution((await findTextFile('/etc/os-release')) ?? '') };
};
