import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../../lib/errors.ts';
import { isFields, itemsOf, parseJson } from '../../../lib/json.ts';
import type { ImageArchive } from '../../images/archive.ts';
import { archiveBytes } from '../../images/archive-bytes.ts';
import { fileWorkMs } from '../../images/deadline.ts';
import { inScratch } from '../../images/scratch.ts';
import type { ImageStore, ListedImage } from '../../images/store.ts';
import { askMinikube, type Minikube, runMinikube } from '../call.ts';
import { listImagesArgs, loadImagesArgs } from '../commands.ts';

const textsOf = (value: unknown): readonly string[] => itemsOf(value).filter((one) => typeof one === 'string');

/** The images in the JSON of `minikube image ls`: an entry for each name. */
export const parseListed = (text: string): readonly ListedImage[] =>
  itemsOf(parseJson(text))
    .filter(isFields)
    .flatMap(({ id, repoTags, repoDigests, size }) => {
      if (typeof id !== 'string') return [];
      const digest = textsOf(repoDigests)[0]?.split('@')[1];
      const image = { id: id.startsWith('sha256:') ? id : `sha256:${id}`, bytes: Number(size) || 0 };
      return textsOf(repoTags).map((name) => ({ name, ...image, ...(digest !== undefined && { digest }) }));
    });

const missing = (archive: ImageArchive, listed: readonly ListedImage[]): readonly string[] =>
  archive.images.flatMap(({ names, id }) =>
    names.filter((name) => !listed.some((one) => one.name === name && one.id === id)),
  );

const writeBytes = async (path: string, bytes: AsyncIterable<Buffer>, signal: AbortSignal): Promise<void> => {
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of bytes) {
      signal.throwIfAborted();
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
};

/**
 * The images of the node of a Minikube profile, by minikube itself, which takes files alone: the archive is written beside the
 * instance's files for it, plain and with full names, and removed. minikube copies it into the node under its last name, where it
 * stays (pkg/minikube/machine/cache_images.go): so that is always the same, and only one is loaded at a time. It reports
 * success where a load failed, so what is there afterwards counts.
 */
export const profileStore = (minikube: Minikube, profile: string): ImageStore => {
  const list: ImageStore['list'] = async (limits) => {
    const { exitCode, stdout, stderr } = await askMinikube(minikube, listImagesArgs(profile), limits);
    if (exitCode === 0) return parseListed(stdout);
    throw new UserError(`minikube does not list the images of ${profile}: ${stderr.trim().split('\n').at(-1)}`, {
      id: 'cluster.stopped',
      hint: 'is it running? See taskgate status; start it: taskgate up',
    });
  };
  return {
    source: 'minikube image ls',
    isOneByOne: true,
    list,
    load: async (archive, { signal, stallMs, onBytes }) => {
      await inScratch(minikube.instanceDir, async (dir) => {
        const file = join(dir, 'images.tar');
        await writeBytes(file, archiveBytes(archive, onBytes), signal);
        const timeoutMs = await fileWorkMs(file, stallMs);
        await runMinikube(minikube, loadImagesArgs(profile, file), { signal, timeoutMs });
        const lost = missing(archive, await list({ signal, timeoutMs: stallMs }));
        if (lost.length === 0) return;
        throw new UserError(`Minikube's node does not list ${lost.join(', ')} after ${archive.tar.path} was loaded`, {
          id: 'cluster.images-missing',
          hint: "is the node's disk full, the archive damaged, or an older image of that name in use by a pod? See logs/minikube.log of the instance",
        });
      });
    },
  };
};
