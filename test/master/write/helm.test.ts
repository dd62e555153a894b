import { expect, test } from 'vitest';
import { parseYaml, renderYaml } from '../../../src/lib/template.ts';
import { renderHelmValues } from '../../../src/master/write/helm.ts';
import { errorsOf, sampleValues, secondValues } from '../../support/master/sample.ts';

type Values = {
  readonly additional_resource_managers: readonly {
    readonly resource_manager: Readonly<Record<string, unknown>>;
    readonly resource_pools: readonly object[];
  }[];
};

const parse = (text: string): Values => parseYaml(text) as Values;

/** What Determined's chart makes of the values: all keys but those of the Secret, which it mounts. */
const throughChart = (values: Values): string =>
  renderYaml({
    resource_manager: { type: 'kubernetes', max_slots_per_pod: 1, master_service_name: 'determined-master-service' },
    additional_resource_managers: values.additional_resource_managers.map(({ resource_manager, resource_pools }) => {
      const { kubeconfig_secret_name: name, kubeconfig_secret_value: key, ...kept } = resource_manager;
      return { resource_manager: { ...kept, kubeconfig_path: `/mnt/${name}/${key}` }, resource_pools };
    }),
  });

test('each instance is an additional resource manager with its gateway and the Secret of its kubeconfig', () => {
  const values = parse(renderHelmValues(sampleValues, secondValues));
  expect(values).toMatchObject({
    maxSlotsPerPod: 1,
    slotType: 'cpu',
    slotResourceRequests: { cpu: 1 },
    additional_resource_managers: [
      {
        resource_manager: {
          type: 'kubernetes',
          cluster_name: 'dev',
          kubeconfig_secret_name: 'taskgate-dev-kubeconfig',
          kubeconfig_secret_value: 'kubeconfig',
          determined_master_host: '10.0.2.2',
          internal_task_gateway: { gateway_ip: '192.168.49.2', gateway_port_range_end: 20199 },
        },
        resource_pools: [{ pool_name: 'dev', task_container_defaults: { image: sampleValues.taskImage } }],
      },
      { resource_manager: { cluster_name: 'second' }, resource_pools: [{ pool_name: 'second' }] },
    ],
  });
  expect(values.additional_resource_managers[0]?.resource_manager).not.toHaveProperty('kubeconfig_path');
});

test('the master accepts what the chart makes of it', () => {
  expect(errorsOf(throughChart(parse(renderHelmValues(sampleValues, secondValues))))).toEqual([]);
});

test('names that the chart has itself give way to the name of the instance', () => {
  const values = parse(renderHelmValues({ ...sampleValues, clusterName: 'default' }));
  expect(values.additional_resource_managers).toMatchObject([
    { resource_manager: { cluster_name: 'dev' }, resource_pools: [{ pool_name: 'dev' }] },
  ]);
});

test('names the Secrets and the addresses of the master, and contains no secret', () => {
  const text = renderHelmValues(sampleValues, secondValues);
  expect(text).toContain(
    `#   kubectl create secret generic taskgate-dev-kubeconfig --from-file=kubeconfig='${sampleValues.kubeconfigPath}'\n`,
  );
  expect(text).toContain('#   second: tasks dial the master at http://10.0.3.2:8080\n');
  expect(text).not.toContain(sampleValues.adminPassword);
});

test.each([
  ["an instance called as the chart's own", { ...sampleValues, instance: 'default' }, 'usage.master-values'],
  [
    'a range of one port',
    { ...sampleValues, gateway: { ...sampleValues.gateway, portRange: { start: 20000, end: 20000 } } },
    'usage.master-values',
  ],
])('refuses %s', (_, values, id) => {
  expect(() => renderHelmValues(values)).toThrow(expect.objectContaining({ id }));
});

test('refuses instances that overlap', () => {
  expect(() => renderHelmValues(sampleValues, { ...secondValues, clusterName: 'dev' })).toThrow(
    'dev and second both have the cluster name dev',
  );
});
