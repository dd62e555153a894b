import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipDownload, renderRequirements } from '../../../src/artifacts/sources/wheel.ts';
import { pins } from '../../../src/config/versions.ts';
import { execaRunner } from '../../../src/lib/process/runner.ts';
import { program, programRoot } from '../master/program.ts';

/**
 * Variables by which the commands of a page run the stand-in of Determined's master in place of its release: the program, and in
 * `dir` a root as the release has it, with the wheel from PyPI.
 */
export const standInMaster = async (dir: string): Promise<Readonly<Record<string, string>>> => {
  const root = join(dir, 'master-root');
  await cp(programRoot, root, { recursive: true });
  const wheels = join(root, 'wheels');
  await mkdir(wheels, { recursive: true });
  const requirements = join(wheels, 'requirements.txt');
  await writeFile(requirements, renderRequirements(pins.determined, pins.determined.version, pins.determined.sha256));
  await execaRunner(pipDownload(requirements, wheels));
  await rm(requirements);
  if ((await readdir(wheels)).length !== 1) throw new Error(`pip left no wheel in ${wheels}`);
  return { TASKGATE_MASTER_PROGRAM: program, TASKGATE_MASTER_ROOT: root };
};
