import { access, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { detectPlatform } from '../../../src/artifacts/platform.ts';
import { debianEnvironment, runtimePaths } from '../../../src/artifacts/runtime.ts';
import { systemPath } from '../../../src/lib/process/system-path.ts';

export type Iptables = {
  readonly binaries: { readonly 'iptables-restore': string };
  readonly env: Readonly<Record<string, string>>;
};

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const inCache = async (): Promise<Iptables | undefined> => {
  const items = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'taskgate', 'items');
  const names = await readdir(items).catch(() => []);
  const runtime = names.find((name) => name.startsWith('runtime-debian-'));
  if (runtime === undefined) return undefined;
  const dir = join(items, runtime);
  const program = join(dir, runtimePaths['iptables-restore']);
  const env = debianEnvironment(dir, (await detectPlatform()).arch);
  return (await isThere(program)) ? { binaries: { 'iptables-restore': program }, env } : undefined;
};

/** The iptables-restore that a native node has, or this machine's; undefined where there is neither. */
export const findIptables = async (): Promise<Iptables | undefined> => {
  const cached = await inCache();
  if (cached) return cached;
  for (const folder of systemPath) {
    const program = join(folder, 'iptables-restore');
    if (await isThere(program)) return { binaries: { 'iptables-restore': program }, env: {} };
  }
  return undefined;
};
