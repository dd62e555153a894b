import { expect, test } from 'vitest';
import { artifactsInput } from '../../src/providers/artifacts-input.ts';
import { commandContext } from '../support/context.ts';

test('artifacts are fetched through the proxy that the environment names', () => {
  const env = { HTTPS_PROXY: 'http://proxy.example:3128', NO_PROXY: 'mirror.example' };
  const context = { ...commandContext({ folders: { stateDir: '/s', cacheDir: '/c' } }), env };
  const { network } = artifactsInput(context, context.signal, () => undefined);
  expect(network).toEqual({ proxyEnv: env });
});
