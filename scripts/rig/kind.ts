import { copyFile, cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactSource } from '../../src/artifacts/item.ts';
import { fetchModule, moduleSource } from './go-module.ts';
import { kindPins } from './pins.ts';

/** Files of `templates/rig` that kind's node image is built with. */
export const kindFiles = ['kind-node.Dockerfile', 'kind-node.sh'] as const;

/**
 * kind, and a folder from which Docker makes its node image out of Minikube's: that has all programs and images, kind's own
 * module has the files that make a node of them. Built at the suite's start: it takes ten seconds and is one small layer.
 */
export const kindSource = (rigTemplatesDir: string): ArtifactSource => ({
  name: 'go',
  make: async (dir, work) => {
    await moduleSource(kindPins.program).make(dir, work);
    const module = await fetchModule(work, kindPins.program);
    const node = join(dir, 'node');
    await mkdir(node, { recursive: true });
    await cp(join(module, 'images', 'base', 'files'), join(node, 'files'), { recursive: true });
    // Go's cache of modules is read-only
    await work.runner(['chmod', '-R', 'u+w', node], { signal: work.signal });
    const [dockerfile, script] = kindFiles;
    await copyFile(join(rigTemplatesDir, dockerfile), join(node, 'Dockerfile'));
    await copyFile(join(rigTemplatesDir, script), join(node, script));
  },
});
