import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { golden, temporaryFolder } from './files.ts';
import { attach, minikube, native, tunnelOnly } from './records.ts';
import { findInstance, statePaths } from './source.ts';

export const records = { native, minikube, attach, 'tunnel-only': tunnelOnly } as const;
export const kinds = ['native', 'minikube', 'attach', 'tunnel-only'] as const satisfies (keyof typeof records)[];

/** The instance of a golden file, on a disk. */
export const openInstance = async (kind: (typeof kinds)[number]) => {
  const text = golden(`instances/${kind}.json`);
  const stateDir = await temporaryFolder();
  const { name } = records[kind];
  const dir = join(statePaths(stateDir).instancesDir, name);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'instance.json'), text);
  const instance = await findInstance(stateDir, name);
  if (!instance) throw new Error(`instance ${name} was not found`);
  return { text, instance, onDisk: () => readFile(join(dir, 'instance.json'), 'utf8') };
};
