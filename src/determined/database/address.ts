import { UserError } from '../../lib/errors.ts';
import { databaseNames } from './data.ts';

/** The block `db` of a master's configuration. */
export type DatabaseAddress = {
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly password: string;
  readonly name: string;
  readonly ssl_mode?: string;
  readonly ssl_root_cert?: string;
};

export const ownAddress = (port: number, password: string): DatabaseAddress => ({
  ...{ host: '127.0.0.1', port: String(port) },
  ...{ user: databaseNames.user, password, name: databaseNames.name },
});

const refused = (why: string): UserError =>
  new UserError(`--db-url ${why}`, {
    id: 'usage.database-url',
    hint: 'give it as postgres://USER:PASSWORD@HOST:PORT/NAME, or in the variable TASKGATE_DB_URL, which no process list shows',
  });

/** Throws UserError `usage.database-url` for a `%` that stands for itself. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) throw refused('has a % that is not written as %25');
    throw error;
  }
};

const known = ['sslmode', 'sslrootcert'];

/** A database of the user's own, from its URL as PostgreSQL's programs take it. Throws UserError `usage.database-url`. */
export const parseDatabaseUrl = (text: string): DatabaseAddress => {
  if (!URL.canParse(text)) throw refused('is no URL');
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(text);
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') throw refused(`begins with ${protocol}//`);
  const other = [...searchParams.keys()].find((key) => !known.includes(key));
  if (other !== undefined) throw refused(`has ${other}, which the master has no setting for`);
  const [user, secret, name] = [username, password, pathname.slice(1)].map(decoded);
  if (!hostname || !user || !name) throw refused('names no host, user or database');
  const [mode, authority] = known.map((key) => searchParams.get(key));
  return {
    ...{ host: hostname.replace(/^\[|\]$/g, ''), port: port || '5432', user, password: secret ?? '', name },
    ...(mode && { ssl_mode: mode }),
    ...(authority && { ssl_root_cert: authority }),
  };
};
