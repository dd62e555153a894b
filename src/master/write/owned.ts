// Tested in test/master/write/owned.test.ts
import { renderYaml } from '../../lib/template.ts';
import { header, masterConfig, verifyRendered, versionNote } from './config.ts';
import { verifyDisjoint } from './instances.ts';
import type { Instances } from './values.ts';

/** What a master that taskgate itself runs has instead of the user's own. */
export type Owned = {
  /** The block `db`. */
  readonly database: Readonly<Record<string, string>>;
  /** Absolute path of the folder with `static/`. */
  readonly root: string;
};

/**
 * The configuration of a master that taskgate runs over these instances. Write it with mode 0600: it contains passwords. Throws
 * UserError `usage.instances-overlap` and `usage.master-values` as `renderMasterConfig` does.
 */
export const renderOwnedConfig = (instances: Instances, { database, root }: Owned): string => {
  verifyDisjoint(instances);
  const config = { ...masterConfig(...instances), root, db: database };
  return verifyRendered(header(versionNote(instances)) + renderYaml(config));
};
