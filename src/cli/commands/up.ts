import { UserError } from '../../lib/errors.ts';
import type { UpContext } from '../../steps/context.ts';
import type { Stage } from '../../steps/step.ts';
import { upSteps } from '../../steps/up.ts';
import { renderUpJson, writeReports } from '../../steps/write-reports.ts';
import { type CommandInput, contextOf, displayKind, print, readConfig } from '../command.ts';
import { renderHops } from '../hop-table.ts';
import { withInstanceLock } from '../instance-lock.ts';
import { refuseBrokenPath } from '../proof-result.ts';
import { runAndShow } from '../run-steps.ts';

const summary = ({
  config,
  instance,
  gateway,
  proof,
}: UpContext): string => `${proof ? `\n${renderHops(proof.hops)}` : ''}
Instance ${config.name} is ready: gateway_ip ${gateway?.address}, ports ${gateway?.portRange.start}-${gateway?.portRange.end}, room for ${gateway?.capacity.limit} tasks.

  eval "$(npx taskgate env)"                 KUBECONFIG, GATEWAY_IP and the rest in this shell
  ${instance?.dir}/master.yaml
                                             what your master starts from (or devcluster.yaml beside it)
  npm run smoke                              proves the path again
  npm run dev-cluster:down                   takes everything away
`;

/** From nothing to a proven path. Throws UserError `proof.broken-path` when the last step finds a broken hop. */
export const up = async (input: CommandInput): Promise<void> => {
  const { config, warnings } = await readConfig(input);
  const deadline = AbortSignal.timeout(config.timeouts.upSeconds * 1_000);
  const signal = AbortSignal.any([input.invocation.signal, deadline]);
  const context: UpContext = { ...contextOf(config, input), signal, startedAt: new Date(), notes: [...warnings] };
  const stages: Stage[] = [];
  const options = { kind: displayKind(input.invocation), signal, onStage: (stage: Stage) => stages.push(stage) };
  await withInstanceLock(context, async () => {
    try {
      await runAndShow(upSteps, context, options);
    } catch (error) {
      throw deadline.aborted ? tooLate(config.timeouts.upSeconds) : error;
    } finally {
      await writeReports(context, stages);
    }
  });
  for (const note of context.notes) process.stderr.write(`note: ${note}\n`);
  print(input.flags.json ? renderUpJson(context, stages) : summary(context));
  if (context.proof) refuseBrokenPath(context.proof);
};

const tooLate = (seconds: number): UserError =>
  new UserError(`up was not done after ${seconds}s`, {
    id: 'environment.deadline',
    hint: 'run it again, it goes on where it was; or give it more time with --timeouts-up-seconds',
  });
