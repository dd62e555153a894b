import type { Config } from './config.ts';

/** The settings as they are shown: a mirror is its URL, which has no user or password any more. */
export const printableConfig = ({ mirror, ...config }: Config) => ({
  ...config,
  ...(mirror && { mirror: mirror.url }),
});
