import { type SmokeContext, smokeSteps } from '../../steps/smoke.ts';
import { type CommandInput, contextOf, displayKind, print, readConfig } from '../command.ts';
import { renderHops } from '../hop-table.ts';
import { refuseBrokenPath } from '../proof-result.ts';
import { runAndShow } from '../run-steps.ts';

/** Proves the path through a sample task and prints it hop by hop. Throws like `up` for a broken hop. */
export const smoke = async (input: CommandInput): Promise<void> => {
  const { config } = await readConfig(input);
  const context: SmokeContext = contextOf(config, input);
  await runAndShow(smokeSteps, context, { kind: displayKind(input.invocation), signal: context.signal });
  const { proof } = context;
  if (!proof) return;
  for (const note of proof.notes) process.stderr.write(`note: ${note}\n`);
  print(input.flags.json ? JSON.stringify(proof, null, 2) : renderHops(proof.hops));
  refuseBrokenPath(proof);
};
