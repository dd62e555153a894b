import { patchConfig } from '../../../src/master/patch/patch.ts';
import type { ManagerValues } from '../../../src/master/write/values.ts';
import { sampleValues, secondValues } from './sample.ts';

export const patch = (text: string, values: Parameters<typeof patchConfig>[1] = sampleValues) =>
  patchConfig({ name: 'mine.yaml', text }, values);

/** A devcluster file as people keep it: comments, quotes, blanks and an order of their own. */
export const devcluster = `# my devcluster
stages:
  - db:
      name: db      # docker
      port: 5432
  - master:
      pre:
        - sh: make -C "$HOME/det" prep-root   # $HOME is the shell's
      config_file:
        db: {host: localhost, port: 5432, user: 'postgres', password: postgres, name: determined}
        security:
          initial_user_password: "s3cret$$x"
        task_container_defaults: { image: small:1 }

        resource_manager:
          type: kubernetes
          # the laptop's cluster
          max_slots_per_pod: 1
          determined_master_host: $DOCKER_LOCALHOST # guessed
          determined_master_port: 8080

        additional_resource_managers:
          - resource_manager:
              type: "kubernetes"
              cluster_name: extra
              max_slots_per_pod: 2
              kubeconfig_path: $KUBE_EXTRA
              internal_task_gateway:
                gateway_name:   contour   # as ever
                gateway_namespace: projectcontour
                gateway_ip: $GATEWAY_IP
                # the range
                gateway_port_range_start: 0x4e20
                gateway_port_range_end: 65535
              determined_master_ip: $DOCKER_LOCALHOST
              determined_master_port: '8080'
            resource_pools:
            - pool_name: extra

temp_dir: /tmp/dc
`;

/** The same with sampleValues and secondValues in its resource managers. */
export const patchedDevcluster = `# my devcluster
stages:
  - db:
      name: db      # docker
      port: 5432
  - master:
      pre:
        - sh: make -C "$HOME/det" prep-root   # $HOME is the shell's
      config_file:
        db: {host: localhost, port: 5432, user: 'postgres', password: postgres, name: determined}
        security:
          initial_user_password: "s3cret$$x"
        task_container_defaults: { image: small:1 }

        resource_manager:
          type: kubernetes
          # the laptop's cluster
          max_slots_per_pod: 1
          determined_master_host: 10.0.2.2 # guessed
          determined_master_port: 8080
          kubeconfig_path: /home/me/.local/state/taskgate/dev/kubeconfig
          determined_master_scheme: http
          internal_task_gateway:
            gateway_name: contour
            gateway_namespace: projectcontour
            gateway_ip: 192.168.49.2
            gateway_port_range_start: 20000
            gateway_port_range_end: 20199

        additional_resource_managers:
          - resource_manager:
              type: "kubernetes"
              cluster_name: extra
              max_slots_per_pod: 2
              kubeconfig_path: /home/me/.local/state/taskgate/second/kubeconfig
              internal_task_gateway:
                gateway_name:   contour   # as ever
                gateway_namespace: projectcontour
                gateway_ip: 192.168.58.2
                # the range
                gateway_port_range_start: 0x4e20
                gateway_port_range_end: 20199
              determined_master_host: 10.0.3.2
              determined_master_port: 8080
              determined_master_scheme: http
            resource_pools:
            - pool_name: extra

temp_dir: /tmp/dc
`;

export const byCluster = (values: Readonly<Record<string, ManagerValues>>) => ({
  byCluster: new Map(Object.entries(values)),
});

export const both = byCluster({ default: sampleValues, extra: secondValues });
