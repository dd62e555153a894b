import { rm } from 'node:fs/promises';
import { findInstance, removeInstance } from '../keeper/instance.ts';
import type { CommandContext } from './context.ts';
import { nativeCluster } from './native-cluster.ts';
import type { Step } from './step.ts';

export type DownContext = CommandContext & { readonly purgeCache: boolean };

const stopCluster: Step<DownContext> = {
  title: 'End processes, remove cgroups and the link',
  run: async (context) => {
    const { places, config } = context;
    const instance = await findInstance(places.stateDir, config.name);
    if (!instance) return `there is no instance ${config.name}`;
    await nativeCluster(context, { instance }).delete();
    return undefined;
  },
};

const removeFolder: Step<DownContext> = {
  title: "Remove the instance's folder",
  run: async ({ places, config }) => {
    const instance = await findInstance(places.stateDir, config.name);
    if (!instance) return 'it is gone';
    await removeInstance(instance);
    return undefined;
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
