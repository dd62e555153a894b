// Tested in test/master/write/devcluster.test.ts
import type { MapShape, Reader, Shape } from './shape.ts';

const string: Shape = { kind: 'string' };
/** `str(...)` and `int(...)` of Python take both. */
const text: Shape = { kind: 'text' };
const port: Shape = { kind: 'either', options: [{ kind: 'int' }, string] };
const strings: Shape = { kind: 'list', of: string, mayBeEmpty: true };
const environment: Shape = { kind: 'dictionary', of: text };

const closed = (fields: Readonly<Record<string, Shape>>, required: readonly string[] = []): MapShape => ({
  kind: 'map',
  unknown: 'refused',
  fields,
  required,
});

const operations: Shape = {
  kind: 'list',
  mayBeEmpty: true,
  of: closed({
    sh: { kind: 'string', isShell: true },
    custom: strings,
    conncheck: closed({ host: string, port: { kind: 'int' } }, ['port']),
    logcheck: closed({ regex: string, stream: string }, ['regex']),
  }),
};

const database = {
  name: text,
  port,
  password: { kind: 'text', isSecret: true },
  db_name: text,
  data_dir: string,
  container_name: text,
  image_name: text,
  cmdline: strings,
  post: operations,
} satisfies Readonly<Record<string, Shape>>;

const { port: _port, password: _password, db_name: _name, ...container } = database;

const process = {
  pre: operations,
  cmdline: strings,
  config_file: { kind: 'any' },
  name: string,
  kill_signal: string,
} satisfies Readonly<Record<string, Shape>>;

const around = { pre: operations, post: operations, kill_signal: string } satisfies Readonly<Record<string, Shape>>;

const stage: MapShape = closed({
  elastic: closed({
    ...container,
    api_port: port,
    elastic_port: port,
    environment: { kind: 'dictionary', of: string },
  }),
  db: closed(database),
  master: closed({ ...process, post: operations }),
  agent: closed(process),
  custom: closed({ cmd: strings, name: string, env: environment, cwd: string, ...around }, ['cmd', 'name']),
  custom_docker: closed({ name: string, container_name: text, run_args: strings, ...around }, [
    'name',
    'container_name',
    'run_args',
  ]),
});

/** The closed schema of devcluster 1.3.2 (devcluster/config.py); a wrong key there is an AssertionError. */
export const devclusterShape: MapShape = closed(
  {
    stages: { kind: 'list', of: stage },
    commands: { kind: 'dictionary', of: { kind: 'either', options: [string, strings] } },
    startup_input: { kind: 'string', mayBeEmpty: true },
    temp_dir: string,
    cwd: string,
  },
  ['stages'],
);

export const devclusterReader: Reader = { name: 'devcluster 1.3.2', ignoresCase: false };
