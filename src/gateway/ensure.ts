import type { PublishedGateway } from '../model/gateway-endpoint.ts';
import { replaceRateLimitedPods } from './install/admission-policies.ts';
import { applyProvisioner, type InstallInput, installContour } from './install/contour.ts';
import { chooseCRDs, findGatewayProblems, manifestBundle, verifyGatewayAPI } from './install/drift.ts';
import { applyGateway } from './install/gateway.ts';
import { inspectGatewayAPI } from './install/installed.ts';
import { restrictAccess } from './ready/access.ts';
import { setLoadBalancerAddress } from './ready/address.ts';
import { awaitAgreedAddress } from './ready/agreed-address.ts';
import { proveCapacity } from './ready/capacity.ts';
import { together, waitForGateway } from './ready/readiness.ts';

export type ApplyInput = Omit<InstallInput, 'crds'>;

/**
 * Applies CRDs, roles and admission policies. Needs only an API server, so it can run while the node starts and images
 * load. Throws the UserErrors of {@link verifyGatewayAPI} before anything changes.
 */
export const applyInstallation = async (input: ApplyInput): Promise<void> => {
  const { kube, spec, manifest, report } = input;
  const installed = await inspectGatewayAPI(kube, spec);
  const wanted = { ...manifestBundle(manifest), listenerLimit: spec.listenerLimit };
  const problems = findGatewayProblems(installed, wanted);
  verifyGatewayAPI(problems);
  for (const { message, hint } of problems) report?.(`${message} (${hint})`);
  await installContour({ ...input, crds: chooseCRDs(installed, wanted) });
};

/** Applies the provisioner and the Gateway's objects, after {@link applyInstallation}. Its pods need Services. */
export const applyGatewayObjects = async (input: ApplyInput): Promise<void> => {
  await applyProvisioner(input);
  await applyGateway(input.kube, input.spec, input.signal);
};

type EndpointInput = Omit<ApplyInput, 'manifest'> & {
  readonly address: string;
  /** How long a load balancer controller of the cluster may take for its address, where one is likely. */
  readonly controllerMs?: number;
  /** Ranges whose connections are let in; undefined for all. */
  readonly allowFrom: readonly string[] | undefined;
};

/** Waits for everything that {@link applyGatewayObjects} wrote, limits access, sets `address` and proves the capacity. */
export const awaitGatewayEndpoint = async (input: EndpointInput): Promise<PublishedGateway> => {
  const { kube, spec, report, allowFrom } = input;
  const capacity = await proveCapacity(kube, spec);
  let { address } = input;
  let isLimited = true;
  const setAddress = async (signal: AbortSignal) => {
    address = await setLoadBalancerAddress(kube, spec, {
      ...{ ...input, signal },
      before: async (service) => {
        isLimited = await restrictAccess(kube, spec, service, allowFrom);
      },
    });
    address = await awaitAgreedAddress(kube, spec, { ...input, signal });
  };
  await together(input.signal, (signal) => [waitForGateway({ ...input, signal }), setAddress(signal)]);
  if ((await replaceRateLimitedPods(kube, spec, report)) > 0) await waitForGateway(input);
  // Envoy took seconds: a load balancer controller may have answered meanwhile
  address = await awaitAgreedAddress(kube, spec, input);
  const { name, namespace, portRange } = spec;
  report?.(`Gateway ${name} accepts ${capacity.limit} tasks: ${capacity.because}`);
  return {
    name,
    namespace,
    publishedAddress: address,
    portRange,
    capacity,
    ...(allowFrom && isLimited && { allowFrom }),
  };
};
