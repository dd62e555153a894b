import type { Instance } from '../../../instance/instance.ts';
import { instancePaths } from '../../../instance/paths.ts';
import { withoutUndefined } from '../../../lib/defined.ts';
import { messageOf, UserError } from '../../../lib/errors.ts';
import { findTextFile, writeFileAtomically } from '../../../lib/files.ts';
import { plainJson } from '../../../lib/text/plain.ts';
import type { Cluster } from '../../../model/cluster.ts';
import type { GatewayEndpoint } from '../../../model/gateway-endpoint.ts';
import { endpointOf } from '../../../model/gateway-ip.ts';
import type { MasterEndpoint } from '../../../model/master-endpoint.ts';
import type { Stage } from '../../../model/stage.ts';
import type { Proven } from '../../../proof/prove.ts';
import { renderReport } from '../../../report/html.ts';
import type { Results } from '../../../task-list/results.ts';
import type { EnsuredMaster } from '../../master/ensure.ts';
import { findFault } from '../../proof-result.ts';
import { checkHealth } from '../check-health.ts';
import { checkMachine } from '../check-machine.ts';
import type { UpContext } from '../context.ts';
import { awaitGateway } from '../install-gateway.ts';
import { proveMaster, runMaster } from '../master/run-master.ts';
import { openReversePath } from '../open-reverse-path.ts';
import { fallBack, provePath } from '../prove-path.ts';
import { reachGateway } from '../reach-gateway.ts';
import { startCluster } from '../start-cluster.ts';

/** How far `up` has come; of a run that failed, what its steps made before. */
export type UpResult = {
  readonly instance?: Instance;
  readonly cluster?: Cluster;
  /** As this host and the master reach it. */
  readonly gateway?: GatewayEndpoint;
  readonly master?: MasterEndpoint;
  readonly proof?: Proven;
  /** The master that the instance runs, and the proof by a task of it. */
  readonly ownMaster?: EnsuredMaster;
  readonly masterProof?: Proven;
  /** Time of the last proof, when nothing has changed since. */
  readonly provenAt?: string;
};

/** What `up` leaves to its summary and reports. */
export type UpRun = {
  readonly context: UpContext;
  readonly result: UpResult;
  readonly stages: readonly Stage[];
  /** What the user should know but what stopped nothing. */
  readonly notes: readonly string[];
};

export const resultOf = (results: Results): UpResult => {
  const health = results.find(checkHealth);
  const ending = results.find(fallBack);
  const published = results.find(awaitGateway);
  return withoutUndefined({
    instance: results.find(checkMachine)?.instance,
    cluster: results.find(startCluster)?.cluster,
    gateway: results.find(reachGateway) ?? health?.gateway ?? (published && endpointOf(published)),
    master: ending?.master ?? results.find(openReversePath)?.master ?? health?.master,
    proof: ending?.proof ?? results.find(provePath),
    ownMaster: results.find(runMaster),
    masterProof: results.find(proveMaster),
    provenAt: health?.provenAt,
  });
};

/** What `up` did, for programs; `error` is why it failed. Tested in test/golden/layout.test.ts. */
export const renderUpJson = ({ context, result, stages, notes }: UpRun, error?: unknown): string => {
  const { cluster, gateway, master, proof, provenAt, ownMaster, masterProof } = result;
  const path = { cluster, gateway, master, proof, provenAt, ownMaster, masterProof };
  const report = { instance: context.config.name, ...path, notes, stages };
  return `${plainJson({ ...report, ...(error !== undefined && { error: describeError(error) }) }, 2)}\n`;
};

const describeError = (error: unknown) => {
  const { id, hint } = error instanceof UserError ? error : {};
  return withoutUndefined({ id, message: messageOf(error), hint });
};

/** How a run ended, in the words of its last line. */
const verdictOf = ({ result: { proof, masterProof, provenAt } }: UpRun, error: unknown) => {
  const fault = (proof && findFault(proof)) ?? (masterProof && findFault(masterProof));
  if (error !== undefined) {
    const { message, hint } = describeError(error);
    return { ok: false, text: `✖ ${message}${hint ? `\nto fix: ${hint}` : ''}` };
  }
  if (fault !== undefined) return { ok: false, text: `✖ the path is ${fault}` };
  return {
    ok: true,
    text: proof ? '✔ the path is proven, both ways' : `✔ nothing changed since the proof at ${provenAt}`,
  };
};

/** report.json and report.html in the instance's folder, also of a run that failed with `error`; nothing where there is no folder. */
export const writeReports = async (run: UpRun, error?: unknown): Promise<void> => {
  const { context, result, stages } = run;
  const { instance, proof, masterProof } = result;
  if (!instance) return;
  const { recordPath, reportJsonPath, reportHtmlPath } = instancePaths(instance.dir);
  if ((await findTextFile(recordPath)) === undefined) return;
  const html = renderReport({
    title: `taskgate up: ${context.config.name}`,
    subtitle: `${context.startedAt.toISOString()}, ${process.platform} ${process.arch}`,
    verdict: verdictOf(run, error),
    stages,
    hops: [...(proof?.hops ?? []), ...(masterProof?.hops ?? [])],
    tables: [],
  });
  await Promise.all([
    writeFileAtomically(reportJsonPath, renderUpJson(run, error)),
    writeFileAtomically(reportHtmlPath, html),
  ]);
};
