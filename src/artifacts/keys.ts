import { systemPath } from '../lib/process/system-path.ts';
import type { ArtifactsInput } from './artifacts.ts';
import { makeItems } from './items.ts';
import { detectPlatform } from './platform.ts';
import { minikubeItem } from './sources/minikube.ts';

/** Keys of all items of these pins on this machine, for every provider. Tested in test/commands/cache/cache.test.ts. */
export const keysOfPins = async (input: ArtifactsInput): Promise<ReadonlySet<string>> => {
  const machine = input.machine ?? (await detectPlatform());
  const { wanted, parts } = makeItems(input.pins, machine, { searchPath: systemPath, ...input });
  const minikube = minikubeItem(input, machine.arch);
  return new Set([...Object.values(wanted), ...Object.values(parts), minikube].map(({ key }) => key));
};
