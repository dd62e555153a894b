import { configSchema } from '../../src/config/config.ts';
import { defaultsSource } from '../../src/config/sources.ts';
import { setIn } from '../../src/config/tree.ts';
import type { CommandContext, Places } from '../../src/steps/context.ts';
import { fakeRunner } from '../fakes/runner.ts';

type Given = { readonly name?: string; readonly places: Pick<Places, 'stateDir' | 'cacheDir'> };

/** What a command on an instance knows, with default settings and a runner that runs nothing. */
export const commandContext = ({ name = 'dev', places }: Given): CommandContext => ({
  config: configSchema.parse(setIn(defaultsSource().tree, ['name'], name)),
  places: { ...places, templatesDir: '/nowhere/templates', keeperCommand: ['/nowhere/keeper'] },
  runner: fakeRunner({}).runner,
  signal: new AbortController().signal,
  proxyEnv: {},
});
