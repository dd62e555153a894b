import type { Config } from './config.ts';

/** A text in which no URL has a user or password left. */
export const withoutPasswords = (text: string): string => text.replaceAll(/\/\/[^/@\s"]*@/g, '//***@');

/** The settings as they may be shown: a mirror's URL can hold a password. */
export const printableConfig = (config: Config): Config =>
  config.mirror === undefined ? config : { ...config, mirror: withoutPasswords(config.mirror) };
