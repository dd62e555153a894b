import { type Command, Option } from 'commander';
import { configFormats } from '../commands/config/formats.ts';
import { add, type Shared, withReset } from './shared.ts';

const addSettings = (config: Command, { input, exit }: Shared): void => {
  withReset(add(config, 'show', 'print the settings in force'))
    .option('--origin', 'show where each comes from', false)
    .action(async (options, command: Command) =>
      (await import('../commands/config/config.ts')).showConfig(input(command), options),
    );
  config
    .command('schema')
    .description('print the JSON schema of taskgate.yaml, for editors')
    .option('--json', 'it is JSON anyway')
    .action(async () => (await import('../commands/config/config.ts')).printSchema());
  add(
    config,
    'validate <file>',
    "check a master.yaml or devcluster.yaml by the master's own rules and stricter ones",
  ).action(async (file: string, _, command: Command) => {
    const isValid = await (await import('../commands/config/config.ts')).validateConfig(input(command), file);
    exit.code = isValid ? 0 : 1;
  });
};

const addMaster = (config: Command, { input }: Shared): void => {
  const format = new Option('--format <format>', 'what it is for').choices(configFormats).default('master');
  add(config, 'master [instance...]', "print one master's configuration over one or several instances")
    .addOption(format)
    .option('--output <file>', 'write it there, readable by its owner only')
    .action(async (names: readonly string[], options, command: Command) =>
      (await import('../commands/config/master.ts')).writeMasterConfig(input(command), names, options),
    );
  add(
    config,
    'patch <file> [cluster=instance...]',
    'add an instance to your own master.yaml or devcluster.yaml; everything else in it stays. With several resource managers, name which cluster name gets which instance',
  )
    .option('--instance <name>', 'the instance, when it is not the one of --name')
    .option('--write', 'change the file itself; its former text goes to FILE.taskgate-backup', false)
    .action(async (file: string, pairs: readonly string[], options, command: Command) =>
      (await import('../commands/config/patch.ts')).patchFile(input(command), { file, pairs }, options),
    );
  add(config, 'account', "make a service account with a master's rights and no others, its kubeconfig, and check it")
    .option('--output <file>', "where its kubeconfig goes (default: master-kubeconfig in the instance's folder)")
    .option('--check-only <file>', 'make nothing; check the rights that a kubeconfig has')
    .action(async (options, command: Command) =>
      (await import('../commands/config/account-command.ts')).masterAccount(input(command), options),
    );
};

/** The commands about configuration. Tested in test/golden/command-line.test.ts. */
export const addConfig = (program: Command, shared: Shared): void => {
  const config = program.command('config').description("show and check configuration, write a master's");
  addSettings(config, shared);
  addMaster(config, shared);
};
