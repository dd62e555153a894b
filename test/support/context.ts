import { configSchema } from '../../src/config/config.ts';
import { defaultsSource } from '../../src/config/sources.ts';
import { setIn } from '../../src/config/tree.ts';
import type { InstanceRecord } from '../../src/instance/record.ts';
import type { CommandContext, Folders } from '../../src/providers/context.ts';
import { fakeRunner } from '../fakes/runner.ts';

/** The record of an instance that `up` has just begun, with more in it. */
export const instanceRecord = (more: Partial<InstanceRecord> = {}): InstanceRecord => ({
  schema: 1,
  name: 'dev',
  createdAt: '2026-01-01T00:00:00.000Z',
  provider: 'native',
  cidr: '10.210.0.0/16',
  journal: [],
  ...more,
});

type Given = { readonly name?: string; readonly folders: Pick<Folders, 'stateDir' | 'cacheDir'> };

/** What a command on an instance knows, with default settings and a runner that runs nothing. */
export const commandContext = ({ name = 'dev', folders }: Given): CommandContext => ({
  config: configSchema.parse(setIn(defaultsSource().tree, ['name'], name)),
  folders: {
    ...folders,
    templatesDir: '/nowhere/templates',
    supervisorCommand: ['/nowhere/supervisor'],
    daemonCommand: ['/nowhere/daemon'],
  },
  runner: fakeRunner({}).runner,
  signal: new AbortController().signal,
  cwd: '/nowhere',
  env: {},
});
