import { dirname, join, resolve } from 'node:path';
import type { Config } from '../../config/config.ts';
import { findStaticOfCwd, hasWheelOf, lookAtRoot } from '../../instance/master-root.ts';
import { isThere } from '../../lib/files.ts';

/** Where Determined's packages install what a master reads, and its default `root`. */
const installedRoot = '/usr/share/determined/master';

/** The folder that a master is to have as its `root`, and where that was found. */
export type ChosenRoot =
  | { readonly from: 'setting' | 'checkout' | 'record' | 'package'; readonly path: string }
  /** None that is complete: the instance makes its own, with `static` from elsewhere; undefined: what it has stays. */
  | { readonly from: 'instance'; readonly staticDir: string | undefined };

const isCheckout = async (dir: string): Promise<boolean> =>
  (await Promise.all(['master/static/srv', 'tools/Makefile'].map((path) => isThere(join(dir, path))))).every(Boolean);

/** The checkout of determined-ai/determined that a folder is in. */
export const findCheckout = async (dir: string): Promise<string | undefined> => {
  if (await isCheckout(dir)) return dir;
  return dirname(dir) === dir ? undefined : findCheckout(dirname(dir));
};

/** Where `make -C tools prep-root` assembles a root from what was built in a checkout. */
const preparedRoot = (checkout: string): string => join(checkout, 'tools', 'build');

const hasStatic = (root: string): Promise<boolean> => isThere(join(root, 'static'));

type Places = {
  readonly config: Pick<Config, 'master'>;
  readonly cwd: string;
  /** What the instance had before. */
  readonly recorded: string | undefined;
  /** The instance's own, which is no choice. */
  readonly own: string;
  readonly installed?: string;
};

/**
 * The first of these that a master can start from and that has a wheel of its version: the setting, whatever it has; `tools/build` of
 * the checkout in which taskgate was started; what the instance had; an installed master's. Else the instance's own.
 */
export const chooseRoot = async (places: Places): Promise<ChosenRoot> => {
  const { config, cwd, recorded, own, installed = installedRoot } = places;
  const { root, version } = config.master;
  if (root !== undefined) return { from: 'setting', path: resolve(cwd, root) };
  const isComplete = async (path: string): Promise<boolean> => {
    const look = await lookAtRoot(path);
    return look.found?.hasStatic === true && hasWheelOf(look, version);
  };
  const checkout = await findCheckout(cwd);
  const candidates = [
    ...(checkout ? [{ from: 'checkout' as const, path: preparedRoot(checkout) }] : []),
    ...(recorded !== undefined && recorded !== own ? [{ from: 'record' as const, path: recorded }] : []),
    { from: 'package' as const, path: installed },
  ];
  for (const candidate of candidates) if (await isComplete(candidate.path)) return candidate;
  if (checkout) return { from: 'instance', staticDir: join(checkout, 'master', 'static') };
  // what leads somewhere stays: an earlier `up`, in a checkout, has made it so
  if (await hasStatic(own)) return { from: 'instance', staticDir: undefined };
  return { from: 'instance', staticDir: (await hasStatic(installed)) ? join(installed, 'static') : findStaticOfCwd() };
};
