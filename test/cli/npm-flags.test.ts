import { expect, test } from 'vitest';
import { refuseSwallowedFlags } from '../../src/cli/npm-flags.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { UserError } from '../../src/lib/errors.ts';

const { program } = buildProgram({ args: [], signal: new AbortController().signal, isJson: false });

const refusal = (args: readonly string[], env: Readonly<Record<string, string>>): UserError | undefined => {
  try {
    refuseSwallowedFlags(program, args, env);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
};

const npmRun = { npm_command: 'run', npm_lifecycle_event: 'smoke', npm_config_cache: '/root/.npm' };

test.each([
  ['its value taken, too', ['smoke'], { npm_config_name: 'ux1' }, '--name ux1', '--name'],
  ['its value left', ['smoke', 'native'], { npm_config_provider: 'true' }, '--provider native', '--provider'],
  ['a switch', ['smoke'], { npm_config_recreate: 'true' }, '--recreate true', '--recreate'],
  ['a flag of one command', ['down'], { npm_config_purge_cache: 'true' }, '--purge-cache', '--purge-cache'],
  ['a file', ['up', 'job.env'], { npm_config_env_file: 'true' }, '--env-file job.env', '--env-file'],
  [
    'with an argument of the command',
    ['config', 'x.yaml'],
    { npm_config_gateway_name: 'gw2' },
    '--gateway-name gw2 x.yaml',
    '--gateway-name',
  ],
  ['a value that is nowhere', ['smoke'], { npm_config_ssh_host: 'true' }, '--ssh-host VALUE', '--ssh-host'],
])('npm run without --, %s: refused, with the command that is right', (_, args, env, meant, first) => {
  expect(refusal(args, { ...npmRun, ...env })).toMatchObject({
    id: 'usage.npm-flags',
    message: `npm took ${first} for a flag of its own: the command would run without it`,
    hint: `write -- in front of the flags: npm run smoke -- ${meant}`,
  });
});

test.each([
  ['nothing was taken', npmRun],
  ['npm has flags of these names itself', { ...npmRun, npm_config_json: 'true', npm_config_force: 'true' }],
  ['npx passes everything on', { npm_command: 'exec', npm_config_name: 'x' }],
  ['no npm at all', { npm_config_name: 'x' }],
])('%s: goes on', (_, env) => {
  expect(refusal(['smoke'], env)).toBeUndefined();
});
