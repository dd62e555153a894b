import { runPlan } from '../../../scripts/ci/main.ts';
import type { Stage } from '../../../scripts/ci/run-stage.ts';

/** CI with a plan of its own: these stages, one after the other; output and events in the folder; seconds for the whole run. */
const [reportsDir = '', stages = '[]', seconds = '600'] = process.argv.slice(2);
const context = {
  ...{ reportsDir, expected: { made: 1 }, deadlineMs: Date.now() + Number(seconds) * 1_000 },
  say: (text: string) => process.stdout.write(`${text}\n`),
};
process.exitCode = await runPlan([[JSON.parse(stages) as readonly Stage[]]], context);
