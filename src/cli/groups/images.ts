import type { Command } from 'commander';
import { add, type Shared } from '../shared.ts';
import { addImagesBuild } from './images-build.ts';

type SubCommand = (images: Command, shared: Shared) => void;

const load: SubCommand = (images, { input, exit }) =>
  add(
    images,
    'load <what...>',
    "load archives (docker save, OCI; also .gz and .zst) or this host's images by name into the cluster's nodes",
  )
    .option('--as <name>', 'the name of an image that has none, or another one')
    .action(async (what: readonly string[], options, command: Command) => {
      exit.code = await (await import('../../commands/images/load.ts')).imagesLoad(input(command), what, options);
    });

const list: SubCommand = (images, { input, exit }) =>
  add(images, 'list', 'what images the nodes have').action(async (_, command: Command) => {
    exit.code = await (await import('../../commands/images/list.ts')).imagesList(input(command));
  });

/** A sub-command is a line here. */
const subCommands: readonly SubCommand[] = [load, list, addImagesBuild];

/** `images ...`: the images of an instance's nodes. Tested in test/golden/command-line.test.ts. */
export const addImages = (program: Command, shared: Shared): void => {
  const images = program.command('images').description("show the images of the cluster's nodes, and load others");
  for (const addTo of subCommands) addTo(images, shared);
};
