import { listNodes } from '../../cluster/attach/attach.ts';
import type { ImageStore, ListedImage } from '../../cluster/images/store.ts';
import { pins } from '../../config/versions.ts';
import { openAccess } from '../../instance/access.ts';
import type { Instance } from '../../instance/instance.ts';
import { describeBytes } from '../../lib/text/bytes.ts';
import { findProvider } from '../../providers/choose.ts';
import type { CommandContext } from '../../providers/context.ts';
import { type CommandInput, print, printJson, readMade } from '../command.ts';
import { stageTimeoutMs } from '../context.ts';
import { getInstance } from '../open-instance.ts';
import { asRoot } from '../sudo.ts';
import { findStore, getCluster } from './open-store.ts';

type NodeImages = {
  readonly node: string;
  /** Who told. */
  readonly source: string;
  readonly images: readonly (Omit<ListedImage, 'id'> & { readonly id?: string; readonly isOwn: boolean })[];
};

const own: ReadonlySet<string> = new Set([...pins.images, ...pins.policyImages].map(({ ref }) => ref));

const ofStore = async (store: ImageStore, node: string, context: CommandContext): Promise<NodeImages> => {
  const { signal } = context;
  const images = await store.list({ signal, timeoutMs: stageTimeoutMs(context) });
  return { node, source: store.source, images: images.map((image) => ({ ...image, isOwn: own.has(image.name) })) };
};

/** kubelet's `nodeStatusMaxImages` is 50, the largest first, and it looks every five minutes. */
const statusSource = "the node's status in the API server: at most 50 images, minutes old";

const ofStatus = async (context: CommandContext, instance: Instance): Promise<readonly NodeImages[]> => {
  const { attach } = instance.record();
  const nodes = await listNodes(await openAccess({ ...getCluster(instance), attach }, context.env));
  return nodes.map(({ metadata, status }) => ({
    node: metadata.name,
    source: statusSource,
    images: (status?.images ?? []).flatMap(({ names = [], sizeBytes = 0 }) => {
      const digest = names.find((one) => one.includes('@'))?.split('@')[1];
      return names
        .filter((one) => !one.includes('@'))
        .map((one) => ({ name: one, bytes: sizeBytes, isOwn: own.has(one), ...(digest !== undefined && { digest }) }));
    }),
  }));
};

const findImages = async (context: CommandContext): Promise<readonly NodeImages[]> => {
  const instance = await getInstance(context);
  const store = findStore(context, instance);
  if (!store) return ofStatus(context, instance);
  return [await ofStore(store, getCluster(instance).nodeName, context)];
};

const describe = ({ node, source, images }: NodeImages): string => {
  const lines = images
    .toSorted((a, b) => Number(a.isOwn) - Number(b.isOwn) || a.name.localeCompare(b.name))
    .map(({ name, digest, bytes, isOwn }) => {
      const short = digest?.replace(/^sha256:(.{12}).*/, '$1') ?? '';
      return `  ${describeBytes(bytes).padStart(8)}  ${short.padEnd(12)}  ${name}${isOwn ? '  (of taskgate)' : ''}`;
    });
  return [`${node}, by ${source}:`, ...lines].join('\n');
};

/** Shows what images the nodes of an instance have. Gives the exit code. Tested in test/commands/images/load.test.ts. */
export const imagesList = async (input: CommandInput): Promise<number> => {
  const { context } = await readMade(input);
  await getInstance(context);
  const work = async () => {
    const nodes = await findImages(context);
    if (input.flags.json) printJson({ instance: context.config.name, nodes });
    else print(nodes.map(describe).join('\n\n'));
  };
  return asRoot(input.invocation, { provider: (await findProvider(context)) ?? 'native', work });
};
