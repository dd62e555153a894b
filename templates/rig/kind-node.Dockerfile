# kind's node image, out of the rig's node image for Minikube. BASE: that image.
ARG BASE
FROM $BASE
COPY files /kind-files
COPY kind-node.sh /kind-files/kind-node.sh
RUN sh /kind-files/kind-node.sh && rm -r /kind-files
ENV container=docker
STOPSIGNAL SIGRTMIN+3
ENTRYPOINT ["/usr/local/bin/own-settings", "/usr/local/bin/entrypoint", "/sbin/init"]
CMD []
