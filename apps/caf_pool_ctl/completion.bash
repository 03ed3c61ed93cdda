# Completes the words of caf_pool_ctl in bash; see bash-completion(7). Names of
# pools are asked of the node, as the options before the cursor say.

_caf_pool_ctl_pools() {
  local i options=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --connect | --principal | --token-file)
        options+=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}") ;;
    esac
  done
  "${COMP_WORDS[0]}" "${options[@]}" pools 2>/dev/null \
    | sed -e 1d -e 's/ .*//'
}

_caf_pool_ctl() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local commands="pools stats health leases connections exec drain pause resume reconnect"
  local flags="--connect --principal --token-file --json --no-color --help"
  local i command="" arguments=0
  COMPREPLY=()
  case $before in
    --token-file | --config | -c) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --profile | -p) mapfile -t COMPREPLY < <(compgen -W "dev staging prod test" -- "$word"); return ;;
    --connect | --principal | --limit | --set | -s) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --connect | --principal | --token-file | --limit | --config | -c \
        | --profile | -p | --set | -s) ((++i)) ;;
      -*) ;;
      *) if [ -z "$command" ]; then command=${COMP_WORDS[i]}; else ((++arguments)); fi ;;
    esac
  done
  case $command in
    "") mapfile -t COMPREPLY < <(compgen -W "$commands config $flags --version" -- "$word") ;;
    config)
      if [ "$arguments" -eq 0 ]; then
        mapfile -t COMPREPLY < <(compgen -W "check show --config --profile --set" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -W "--origin --json --config --profile --set" -- "$word")
      fi ;;
    *)
      case $command in
        drain) flags="$flags --yes --limit" ;;
        pause) flags="$flags --yes" ;;
      esac
      if [ "$arguments" -eq 0 ] && [[ $word != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_caf_pool_ctl_pools)" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word")
      fi ;;
  esac
}

complete -F _caf_pool_ctl caf_pool_ctl
