import type { Obstacle } from '../provider.ts';

/** The last value of a flag, as `--nodes=2`, `--nodes 2`, `-n 2` or `-n2`; undefined where the flag is not given. */
const flagOf = (args: readonly string[], long: string, short?: string): string | undefined =>
  args.reduce<string | undefined>((last, arg, index) => {
    if (arg === `--${long}` || arg === `-${short}`) return args[index + 1] ?? '';
    if (arg.startsWith(`--${long}=`)) return arg.slice(long.length + 3);
    return short && new RegExp(`^-${short}=?\\d`).test(arg) ? arg.slice(2).replace('=', '') : last;
  }, undefined);

/** `--ha` makes three nodes with a control plane, if --nodes does not say more. */
const isMultiNode = (args: readonly string[]): boolean =>
  Number(flagOf(args, 'nodes', 'n') ?? 1) > 1 || args.some((arg) => arg === '--ha' || arg === '--ha=true');

/**
 * The network between pods that a new cluster gets unless the user's arguments name one. `bridge` needs no image, but Minikube
 * writes its configuration on the first node only; for several nodes it takes kindnet itself (pkg/minikube/cni/cni.go).
 */
export const defaultCni = (startArgs: readonly string[]): 'bridge' | 'kindnet' =>
  isMultiNode(startArgs) ? 'kindnet' : 'bridge';

/** Networks of one node only; of `false` nobody makes one. */
const ofOneNode = ['bridge', 'false'];

/** A network that leaves all nodes but the first without one: those never get Ready. */
export const judgeNodes = (startArgs: readonly string[]): readonly Obstacle[] => {
  const cni = flagOf(startArgs, 'cni');
  if (cni === undefined || !ofOneNode.includes(cni) || !isMultiNode(startArgs)) return [];
  return [
    {
      what: `minikube.startArgs has several nodes and --cni=${cni}: Minikube gives only the first node a network, the others never get Ready`,
      hint: 'leave --cni away, for kindnet, or name another network of several nodes: calico, cilium, flannel',
    },
  ];
};
