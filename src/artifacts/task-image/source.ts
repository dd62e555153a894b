import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTar } from '../../lib/archive/tar.ts';
import { type TaskImageKind, taskImageRef } from '../../model/images/task-image.ts';
import type { TaskImagePin } from '../../model/pins.ts';
import { composeImage, layoutEntries, type OciImage } from '../image/oci.ts';
import type { ArtifactSource, Work } from '../item.ts';
import { rebaseLinks } from '../sources/debian.ts';
import { treeEntries } from './layer.ts';
import { unpackPackages } from './packages.ts';
import { getPython, installPackages } from './python.ts';
import { mergeUsr, settle } from './tree.ts';

/** Name of the OCI archive in the item's folder. */
export const taskArchiveName = 'task-image.tar';

const imageConfig = ({ version }: TaskImagePin) => ({
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'],
  Cmd: ['/bin/bash'],
  WorkingDir: '/',
  Labels: {
    'org.opencontainers.image.title': 'small task image for Determined, assembled by taskgate',
    'org.opencontainers.image.version': version,
  },
});

const composeFrom = async (pin: TaskImagePin, kind: TaskImageKind, { root, work }: { root: string; work: Work }) => {
  const layerPath = `${root}.layer`;
  work.report('building', 'packing the layer');
  const { size, sha256 } = await writeTar(layerPath, await treeEntries(root), work.signal);
  await rm(root, { recursive: true });
  const layer = { sha256, size, content: { path: layerPath, size } };
  const image: OciImage = composeImage(taskImageRef(pin, kind), layer, { arch: work.arch, config: imageConfig(pin) });
  return { image, layerPath };
};

/**
 * Assembles a small image for Determined's tasks, with what its entrypoints call: bash, coreutils, tar, python3 with pip and
 * the package `determined`, sshd for shells, and JupyterLab where it is wanted for notebooks. Needs apt-get and dpkg-deb, and no
 * root user. Throws UserErrors `artifact.*`.
 */
export const taskImageSource = (pin: TaskImagePin, kind: TaskImageKind): ArtifactSource => ({
  name: 'assembled',
  make: async (dir, work) => {
    const root = `${dir}.tree`;
    const debs = await unpackPackages(work, { dir: root, packages: pin.packages });
    await mergeUsr(root);
    await settle(root);
    await rebaseLinks(root);
    const python = await getPython(root, work.arch);
    await installPackages(work, python, [pin.determined, ...(kind.withJupyterlab ? [pin.jupyterlab] : [])]);
    const { image, layerPath } = await composeFrom(pin, kind, { root, work });
    await mkdir(dir, { recursive: true });
    work.report('building', taskArchiveName);
    await writeTar(join(dir, taskArchiveName), layoutEntries([image]), work.signal);
    await rm(layerPath);
    await writeFile(join(dir, 'packages.txt'), `${debs.join('\n')}\n`);
  },
});
