import { join } from 'node:path';
import { renderYaml } from '../../lib/template.ts';
import { database, header, masterConfig, rootNote, verifyRendered, versionNote } from './config.ts';
import { verifyDisjoint } from './instances.ts';
import type { Instances, MasterValues } from './values.ts';

const escaped = (value: unknown): unknown => {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
};

/** Doubles dollar signs: devcluster expands variables in all strings (string.Template), including passwords. */
export const escapeDollars = <T>(value: T): T => escaped(value) as T;

/**
 * A volume of Docker, since a name without a slash is one: a folder would get files of PostgreSQL's own user, which `down` cannot remove.
 * Of one instance, not of all of its name: a new one has another first password, which counts for a fresh database only.
 */
const dataVolume = ({ instance, instanceId }: MasterValues): string =>
  `taskgate-${instance}-db${instanceId === undefined ? '' : `-${instanceId}`}`;

const databaseStage = (values: MasterValues) => ({
  db: {
    name: 'db',
    port: Number(database.port),
    password: database.password,
    db_name: database.name,
    data_dir: dataVolume(values),
    container_name: `taskgate-${values.instance}-db`,
  },
});

const masterStage = (instances: Instances) => ({
  master: { name: 'master', kill_signal: 'SIGTERM', config_file: masterConfig(...instances) },
});

/**
 * A `devcluster.yaml` for devcluster 1.3.2: database and master, all values explicit, no variables. Write it with mode
 * 0600: it contains a password. Throws UserError `usage.instances-overlap` and `usage.master-values` as
 * renderMasterConfig does, also for values that devcluster changes (a namespace `y` loses its quotes and becomes true).
 */
export const renderDevcluster = (...instances: Instances): string => {
  verifyDisjoint(instances);
  const [root] = instances;
  const file = { temp_dir: join(root.cacheDir, 'devcluster'), stages: [databaseStage(root), masterStage(instances)] };
  return verifyRendered(
    header([
      'Run `devcluster -c FILE` in a checkout of determined-ai/determined, after `make -C master build`:',
      'the master is master/build/determined-master.',
      ...rootNote,
      'The first stage runs PostgreSQL in Docker; remove it if one listens on port 5432 already. Its data is in the volume',
      `${dataVolume(root)}, which stays until: docker volume rm ${dataVolume(root)}`,
      ...versionNote(instances),
    ]) + renderYaml(escapeDollars(file)),
  );
};
