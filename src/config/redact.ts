import { withoutPasswords } from '../lib/redact.ts';
import type { Config } from './config.ts';

/** The settings as they are shown: a mirror is its URL, which has no user or password any more, that of a database without its password. */
export const printableConfig = ({ mirror, dbUrl, ...config }: Config) => ({
  ...config,
  ...(dbUrl !== undefined && { dbUrl: withoutPasswords(dbUrl) }),
  ...(mirror && { mirror: mirror.url }),
});
