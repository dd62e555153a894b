import { rm } from 'node:fs/promises';
import { findInstance, listInstances, removeInstanceDir } from '../keeper/instance.ts';
import { UserError } from '../lib/errors.ts';
import type { CommandContext } from './context.ts';
import { providerOf } from './providers.ts';
import type { Step } from './step.ts';

export type DownContext = CommandContext & { readonly purgeCache: boolean };

/**
 * The processes of an instance run from files of the cache. Throws UserError `environment.cache-in-use` where the
 * cache is to go and an instance of another name is there.
 */
export const verifyCacheUnused = async ({ config, places, purgeCache }: DownContext): Promise<void> => {
  if (!purgeCache) return;
  const others = (await listInstances(places.stateDir)).filter(({ name }) => name !== config.name);
  if (others.length === 0) return;
  const names = others.map(({ name }) => name).join(', ');
  throw new UserError(`the cache ${places.cacheDir} stays while other instances may run from it: ${names}`, {
    id: 'environment.cache-in-use',
    hint: `leave --purge-cache out, or first: ${others.map(({ name }) => `taskgate down --name ${name}`).join('; ')}`,
  });
};

const stopCluster: Step<DownContext> = {
  title: 'End processes, remove cgroups and the link',
  run: async (context) => {
    const { places, config } = context;
    const instance = await findInstance(places.stateDir, config.name);
    if (!instance) return `there is no instance ${config.name}`;
    await providerOf(context, { instance }).delete();
    return undefined;
  },
};

const removeFolder: Step<DownContext> = {
  title: "Remove the instance's folder",
  run: async ({ places, config }) => {
    const isRemoved = await removeInstanceDir(places.stateDir, config.name);
    return isRemoved ? undefined : 'it is gone';
  },
};

const removeCache: Step<DownContext> = {
  title: 'Remove the cache',
  skip: ({ purgeCache, places }) => !purgeCache && `${places.cacheDir} stays; --purge-cache removes it`,
  run: async ({ places }) => {
    await rm(places.cacheDir, { recursive: true, force: true });
  },
};

/** Takes everything of an instance away; safe to repeat. */
export const downSteps: readonly Step<DownContext>[] = [stopCluster, removeFolder, removeCache];
