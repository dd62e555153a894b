import type { Step } from '../../task-list/step.ts';
import { checkHealth } from './check-health.ts';
import { checkMachine } from './check-machine.ts';
import { checkOwnership } from './check-ownership.ts';
import type { UpContext } from './context.ts';
import { awaitGateway, installGateway, installGatewayAPI } from './install-gateway.ts';
import { prepareMaster, proveMaster, runMaster } from './master/run-master.ts';
import { mergeContext } from './merge-kubeconfig.ts';
import { openReversePath } from './open-reverse-path.ts';
import { writePolicies } from './policies/write-policies.ts';
import { prepareArtifacts } from './prepare-artifacts.ts';
import { fallBack, provePath, startSample } from './prove-path.ts';
import { reachGateway } from './reach-gateway.ts';
import { awaitNode, loadImages, startCluster } from './start-cluster.ts';
import { waitForServices } from './wait-for-services.ts';
import { writeMasterFiles } from './write-master-files.ts';

/** From nothing to a proven path; safe to repeat. Which steps run side by side follows from what each needs. */
export const upSteps: readonly Step<UpContext>[] = [
  checkMachine,
  checkHealth,
  prepareArtifacts,
  prepareMaster,
  startCluster,
  loadImages,
  mergeContext,
  awaitNode,
  waitForServices,
  checkOwnership,
  openReversePath,
  installGatewayAPI,
  installGateway,
  writePolicies,
  startSample,
  awaitGateway,
  reachGateway,
  writeMasterFiles,
  provePath,
  fallBack,
  runMaster,
  proveMaster,
];
