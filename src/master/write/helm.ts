import { renderYaml } from '../../lib/template.ts';
import { originOf } from '../../model/master-endpoint.ts';
import { additionalManager, comment, verifyRendered } from './config.ts';
import { verifyDisjoint } from './instances.ts';
import type { Instances, MasterValues } from './values.ts';

/** The chart mounts this key of a Secret and writes `kubeconfig_path` itself. */
const kubeconfigKey = 'kubeconfig';
const secretOf = ({ instance }: MasterValues): string => `taskgate-${instance}-kubeconfig`;

/** The chart's own resource manager has the cluster name and the pool `default`, so an instance cannot. */
const withoutDefaultNames = (values: MasterValues): MasterValues => ({
  ...values,
  clusterName: values.clusterName === 'default' ? values.instance : values.clusterName,
  resourcePool: values.resourcePool === 'default' ? values.instance : values.resourcePool,
});

/** The chart passes all keys on unchanged, except those that name the Secret. */
const chartManager = (values: MasterValues) => {
  const { resource_manager: manager, resource_pools } = additionalManager(values);
  const { kubeconfig_path: _, ...passedOn } = manager;
  const secret = { kubeconfig_secret_name: secretOf(values), kubeconfig_secret_value: kubeconfigKey };
  return { resource_manager: { ...passedOn, ...secret }, resource_pools };
};

/** The part of master.yaml that the chart renders from it (docs/determined.md, Helm chart), to check it by the rules. */
const masterOfChart = (instances: readonly MasterValues[]) => ({
  resource_manager: {
    type: 'kubernetes',
    max_slots_per_pod: instances[0]?.maxSlotsPerPod,
    master_service_name: 'determined-master-service',
  },
  additional_resource_managers: instances.map((values) => additionalManager(values)),
});

const commandOf = (values: MasterValues): string =>
  `kubectl create secret generic ${secretOf(values)} --from-file=${kubeconfigKey}='${values.kubeconfigPath}'`;

const addressOf = ({ instance, master }: MasterValues): string =>
  `${instance}: tasks dial the master at ${originOf(master)}`;

const headerOf = (instances: readonly MasterValues[]): string =>
  comment([
    "Made by taskgate for Determined's Helm chart 0.38: `helm install -f THIS -f YOURS ...`, with your other settings in YOURS.",
    'The chart cannot give its own resource manager an internal task gateway, and that needs none: its tasks run beside the',
    'master. So each instance is an additional resource manager; one without names of its own gets those of its instance.',
    'Make the Secrets first, in the namespace of the release; the addresses in them must be reachable from there:',
    ...instances.map((values) => `  ${commandOf(values)}`),
    "The chart's master must answer where the tasks of each instance dial it:",
    ...instances.map((values) => `  ${addressOf(values)}`),
  ]);

/**
 * A `helm-values.yaml` for a master that Determined's chart installs elsewhere, to use these instances too. It contains no
 * secrets. Throws UserError `usage.instances-overlap` and `usage.master-values` as renderMasterConfig does.
 */
export const renderHelmValues = (...instances: Instances): string => {
  const [first, ...others] = instances;
  const beside: Instances = [withoutDefaultNames(first), ...others.map(withoutDefaultNames)];
  verifyDisjoint(beside);
  verifyRendered(renderYaml(masterOfChart(beside)));
  return (
    headerOf(beside) +
    renderYaml({
      maxSlotsPerPod: first.maxSlotsPerPod,
      slotType: 'cpu',
      slotResourceRequests: { cpu: 1 },
      additional_resource_managers: beside.map(chartManager),
    })
  );
};
