#!/usr/bin/env bash
# Puts the environment into a configuration file of Pulsar and starts a process of it.
set -eu
bin/apply-config-from-env.py "conf/$1"
exec bin/pulsar "$2"
