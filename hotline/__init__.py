"""The running service: owns every socket, task, transaction and timer, and wires the deciding rooms together."""
