import type { Command } from 'commander';
import { add, type Shared } from '../shared.ts';

/** `images build ...`: images that taskgate assembles. Tested in test/golden/command-line.test.ts. */
export const addImagesBuild = (images: Command, { input }: Shared): void => {
  const build = images.command('build').description('assemble an image, without Docker');
  add(build, 'task', 'a small image for tasks: python3, bash, tar, sshd and determined, as an OCI archive in the cache')
    .option('--output <file>', 'copy the archive there, too')
    .action(async (options, command: Command) =>
      (await import('../../commands/images/build.ts')).buildTaskImage(input(command), options),
    );
};
