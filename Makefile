# Every target is one line that hands over to `labs`, by way of bootstrap.py, which sets up .venv where it has to.
# `make help` prints what stands behind the two hashes.
PYTHON ?= python3
# The redirection makes GNU make 3.81 use a shell, which knows `command`.
LABS = $(if $(shell command -v "$(PYTHON)" 2>/dev/null),"$(PYTHON)" bootstrap.py,$(error no $(PYTHON) on the PATH. \
	Install Python 3.12 (apt install python3 python3-venv, dnf install python3.12, brew install python@3.12, uv python \
	install 3.12) or name one: make lab-01 PYTHON=/path/to/python3.12))

help: FORCE ## this page
	@$(LABS) help
lab-%: FORCE ## set up what the lab needs and run it from end to end
	@$(LABS) run $*
start-%: FORCE ## open the lab's tasks: leave a hole for you in each
	@$(LABS) start $*
check-%: FORCE ## ask the running thing whether your solution works (TASK=1.2: one task)
	@$(LABS) check $* $(if $(TASK),--task $(TASK))
hint-%: FORCE ## a hint for the first task not solved (TASK=1.2: for another), and then a bigger one
	@$(LABS) hint $* $(if $(TASK),--task $(TASK))
reset-%: FORCE ## the holes again, or one of them (TASK=1.2)
	@$(LABS) reset $* $(if $(TASK),--task $(TASK))
progress: FORCE ## what is solved and what is open
	@$(LABS) progress
deploy: FORCE ## lab 02's service to the cluster on this machine (undo: .venv/bin/labs undeploy)
	@$(LABS) deploy $(ARGS)
doctor: FORCE ## which labs run on this machine, and what the others lack
	@$(LABS) doctor
prove: FORCE ## show that each check tells right from wrong
	@$(LABS) prove
test: FORCE ## the project's own tests (make test ARGS="-k prices")
	@$(LABS) test $(ARGS)
lint: FORCE ## style, types, order of imports, freshness of the locks
	@$(LABS) lint
lock: FORCE ## resolve the dependency groups of pyproject.toml anew
	@$(LABS) lock
clean: FORCE ## remove outputs, caches and what the labs have made elsewhere (ARGS=--all: .venv too)
	@$(LABS) clean $(ARGS)

# Pattern rules cannot be .PHONY; depending on a target that never exists has the same effect.
FORCE:
.PHONY: FORCE
.DEFAULT_GOAL := help
