import { type CommandInput, printDocument, readMade } from '../command.ts';
import { openInstance } from '../open-instance.ts';
import { type EnvFormat, environmentOf, renderEnv } from './formats.ts';

/** Prints what a shell or a CI job needs to use an instance. Tested in test/process/no-instance.test.ts. */
export const env = async (input: CommandInput, { format }: { readonly format: EnvFormat }): Promise<void> => {
  const { config, context } = await readMade(input);
  const { instance, gateway, master } = await openInstance(context);
  const hasCertificate = instance.record().settings?.master?.tls === true;
  const variables = environmentOf({ name: config.name, instanceDir: instance.dir, gateway, master, hasCertificate });
  printDocument(renderEnv(variables, input.flags.json ? 'json' : format));
};
