import { settings } from '../../config/settings.ts';

const all: readonly string[] = settings.map(({ path }) => path);

const inSections = (...sections: readonly string[]): readonly string[] =>
  all.filter((path) => sections.some((section) => path.startsWith(`${section}.`)));

/** What decides how a tunnel is opened; an instance keeps it when `tunnel up` is given it. */
export const tunnelSettings: readonly string[] = [
  ...['master.scheme', 'master.tls', 'master.port', 'master.reach'],
  ...inSections('ssh', 'ngrok', 'tunnel'),
];

/** What decides which master an instance runs; it keeps it when `master up` is given it. */
export const masterSettings: readonly string[] = ['master.program', 'master.root', 'master.also', 'dbUrl'];

const stage = 'timeouts.stageSeconds';

/**
 * The settings that each command reads, by its whole name. A flag of any other is refused: it would be ignored, since all but
 * `up` and `tunnel up` work on what the instance was made with. Tested in test/cli/flags.test.ts.
 */
export const settingsRead: Readonly<Record<string, readonly string[]>> = {
  up: all,
  down: ['name', stage],
  prefetch: [
    'mirror',
    'trustMirror',
    'bundle',
    'bundleDigest',
    'network.policies',
    'master.version',
    'smallTaskImage',
    'withJupyterlab',
    'withMaster',
    'master.program',
    'dbUrl',
  ],
  'images build task': ['mirror', 'trustMirror', 'bundle', 'bundleDigest', 'withJupyterlab'],
  smoke: ['name', stage],
  chaos: ['name', stage],
  status: ['name'],
  exposure: ['name'],
  env: ['name'],
  logs: ['name'],
  'tunnel up': ['name', ...tunnelSettings, stage],
  'tunnel down': ['name', stage],
  'tunnel status': ['name'],
  'tunnel extend': ['name'],
  'gateway clean': ['name'],
  'images load': ['name', stage],
  'images list': ['name', stage],
  'master up': ['name', ...masterSettings, 'mirror', 'trustMirror', 'bundle', 'bundleDigest', stage],
  'master down': ['name', stage],
  'master status': ['name'],
  'master logs': ['name'],
  'cache list': [],
  'cache prune': [],
  'config show': all,
  'config validate': [],
  'config master': ['name'],
  'config patch': ['name'],
  // without an instance, rights are checked where the settings would have the master
  'config account': ['name', 'gateway.name', 'gateway.namespace', 'master.taskNamespace', stage],
};
