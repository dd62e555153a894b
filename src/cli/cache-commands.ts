import type { Command } from 'commander';
import { add, type Shared } from './shared.ts';

/** `cache ...`: programs and images, which all instances share. Tested in test/golden/command-line.test.ts. */
export const addCache = (program: Command, { input }: Shared): void => {
  const cache = program.command('cache').description('show and tidy up the cache of programs and images');
  add(cache, 'list', 'what is in it, with sizes').action(async (_, command: Command) =>
    (await import('../commands/cache/cache.ts')).cacheList(input(command)),
  );
  add(cache, 'prune', 'remove what builds have left, and items of other versions that no instance uses').action(
    async (_, command: Command) => (await import('../commands/cache/cache.ts')).cachePrune(input(command)),
  );
};
