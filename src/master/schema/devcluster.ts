// Tested in test/master/write/devcluster.test.ts
import { any, int, type MapShape, type Reader, refusing, type Shape, string, strings, text } from './shape.ts';

/** Python's `int(...)` takes both, as its `str(...)` does for `text`. */
const port: Shape = { kind: 'either', options: [int, string] };

const operations: Shape = {
  kind: 'list',
  mayBeEmpty: true,
  of: refusing({
    sh: { kind: 'string', isShell: true },
    custom: strings,
    conncheck: refusing({ host: string, port: int }, { required: ['port'] }),
    logcheck: refusing({ regex: string, stream: string }, { required: ['regex'] }),
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
  config_file: any,
  name: string,
  kill_signal: string,
} satisfies Readonly<Record<string, Shape>>;

const around = { pre: operations, post: operations, kill_signal: string } satisfies Readonly<Record<string, Shape>>;

const stage: MapShape = refusing({
  elastic: refusing({
    ...container,
    api_port: port,
    elastic_port: port,
    environment: { kind: 'dictionary', of: string },
  }),
  db: refusing(database),
  master: refusing({ ...process, post: operations }),
  agent: refusing(process),
  custom: refusing(
    { cmd: strings, name: string, env: { kind: 'dictionary', of: text }, cwd: string, ...around },
    { required: ['cmd', 'name'] },
  ),
  custom_docker: refusing(
    { name: string, container_name: text, run_args: strings, ...around },
    { required: ['name', 'container_name', 'run_args'] },
  ),
});

/** The closed schema of devcluster 1.3.2 (devcluster/config.py); a wrong key there is an AssertionError. */
export const devclusterShape: MapShape = refusing(
  {
    stages: { kind: 'list', of: stage },
    commands: { kind: 'dictionary', of: { kind: 'either', options: [string, strings] } },
    startup_input: { kind: 'string', mayBeEmpty: true },
    temp_dir: string,
    cwd: string,
  },
  { required: ['stages'] },
);

export const devclusterReader: Reader = { name: 'devcluster 1.3.2', ignoresCase: false, takesEmpty: false };
