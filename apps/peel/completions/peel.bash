# bash completion for peel
_peel() {
    local cur prev words cword
    if declare -F _init_completion >/dev/null; then
        _init_completion -n = || return
    else
        cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
        words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
    fi
    local command=cut
    case ${words[1]} in
        cut | rectify | video | scan | stream | serve | models | model | doctor | quantize | bench) [[ $cword -gt 1 ]] && command=${words[1]} ;;
    esac

    _peel_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
    _peel_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); }
    _peel_models() { "${words[0]}" models list 2>/dev/null | awk 'NF == 0 { exit } { print $1 }'; }

    case $prev in
        --format)
            if [[ $command == video ]]; then _peel_words "webm mov mp4 mkv gif webp png jpg"; return; fi
            _peel_words "png webp jpg avif tiff gif"; return ;;
        --codec) _peel_words "vp9 prores h264 hevc av1 ffv1 qtrle gif webp png"; return ;;
        --steady) _peel_words "off auto strong"; return ;;
        --audio) _peel_words "keep none"; return ;;
        --frames) _peel_words "every=1s scene key"; return ;;
        --from | --to | --fps) return ;;
        --animation) _peel_words "auto first"; return ;;
        --edges) _peel_words "auto off refine matting"; return ;;
        --compat) _peel_words "rembg"; return ;;
        --kind) _peel_words "auto document product screen"; return ;;
        --ratio) _peel_words "auto free a4 letter id1"; return ;;
        --enhance) _peel_words "none auto color gray bw"; return ;;
        --turn) _peel_words "auto 0 90 180 270"; return ;;
        --pdf) _peel_files; return ;;
        --corners | --dpi) return ;;
        --device) _peel_words "auto cpu cuda tensorrt openvino"; return ;;
        --backend) _peel_words "auto native onnxruntime"; return ;;
        --devices) _peel_words "cpu onnxruntime cuda tensorrt openvino"; return ;;
        --precisions) _peel_words "fp32 bf16 fp16 int8"; return ;;
        --models) _peel_words "$(_peel_models)"; return ;;
        --precision) _peel_words "auto fp32 bf16 fp16 int8"; return ;;
        --ranges) _peel_words "minmax percentile mse entropy"; return ;;
        --activations) _peel_words "uint8 int8"; return ;;
        --images) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --log) _peel_words "text json off"; return ;;
        --progress) _peel_words "auto always never"; return ;;
        --background) _peel_files; COMPREPLY+=($(compgen -W "white black transparent blur" -- "$cur")); return ;;
        -m | --model) _peel_files; COMPREPLY+=($(compgen -W "$(_peel_models)" -- "$cur")); return ;;
        --db | --export) _peel_files; return ;;
        --phases) _peel_words "1 1,2 1,2,3"; return ;;
        --clip) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --sample | --batch) return ;;
        -O) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --quality | --threads | --jobs | --memory | --shards | --max-size | --max-pixels | --repeat | --warmup | --rounds | --runs | --sizes | --ort) return ;;
        --keys | --credits | --tls-cert | --tls-key | --unix-socket | --log-file) _peel_files; return ;;
        --host | --port | --trust-proxy | --new-key | --new-link-secret | --rate | --cors | --fetch-allow | --workers | --queue | --max-bytes | --timeout | --drain-time) return ;;
        --max-connections | --max-connections-per-client | --max-models | --requests-per-worker) return ;;
    esac

    case $command in
        models)
            if [[ $cword -eq 2 ]]; then
                _peel_words "list info verify pull --json --help"
            elif [[ ${words[2]} == list ]]; then
                _peel_words "--json --help"
            elif [[ ${words[2]} == pull && $cur == -* ]]; then
                _peel_words "--sha256 --help"
            else
                _peel_words "$(_peel_models) --help"
            fi
            return ;;
        model)
            if [[ $cword -eq 2 ]]; then
                _peel_words "run info tune --help"
            elif [[ $cur == -* ]]; then
                _peel_words "--input --output --shape --repeat --warmup --threads --precision --device --backend --ort --strict --profile --plan --images --recursive
                    --max-images --max-difference --min-iou --json --help"
            else
                _peel_files
            fi
            return ;;
        doctor) _peel_words "--json --verify --model --runs --threads --ort --help"; return ;;
        bench)
            if [[ $cur == -* ]]; then
                _peel_words "--models --devices --precisions --sizes --rounds --warmup --max-images --recursive
                    --threads --ort -O --pipeline --fresh --apply --json -q --quiet --help"
            else
                _peel_files
            fi
            return ;;
        serve)
            _peel_words "--host -p --port --unix-socket --tls-cert --tls-key --trust-proxy --max-connections
                --max-connections-per-client --keys --new-key --new-link-secret --credits --insecure --rate --cors
                --fetch --fetch-allow --workers --queue --memory --max-bytes --max-pixels --timeout --max-models
                --requests-per-worker -m --model --threads --device --backend --precision --strict --log --log-file
                --no-ui --drain-time -q --quiet -h --help"
            return ;;
        rectify)
            if [[ $cur == -* ]]; then
                _peel_words "-o -O --format --quality --lossless --pdf --kind --corners --all --keep --draw --ratio --size
                    --dpi --enhance --turn --margin --cutout --background --edges --max-size --max-output-pixels
                    --max-pixels --all-frames -m --model --threads --jobs --device --backend --ort --precision --strict
                    --recursive --skip-existing --watch --shard --shards --memory --report --progress -q --quiet -v --verbose
                    -h --help"
            else
                _peel_files
            fi
            return ;;
        video)
            if [[ $cur == -* ]]; then
                _peel_words "-o -O --format --codec --quality --audio --skip-existing --report --background --mask
                    --side-by-side --steady --edges --max-size --tone-map --from --to --fps --info --frames -m --model
                    --threads --jobs --memory --device --backend --ort --precision --strict --recursive --shard --shards
                    --progress -q --quiet -v --verbose -h --help"
            else
                _peel_files
            fi
            return ;;
        scan)
            if [[ $cur != -* ]]; then
                _peel_files
                [[ $cword -eq 2 ]] && COMPREPLY+=($(compgen -W "find duplicates tune bench" -- "$cur"))
            elif [[ ${words[2]} == find ]]; then
                _peel_words "--db --like --where --clip --limit --json -h --help"
            elif [[ ${words[2]} == duplicates ]]; then
                _peel_words "--db --tier --plan --move --hardlink --merge -h --help"
            elif [[ ${words[2]} == tune ]]; then
                _peel_words "--sample --memory --device --strict --clip --json -q --quiet -h --help"
            elif [[ ${words[2]} == bench ]]; then
                _peel_words "--sample --jobs --batch --precision --memory --device --strict --clip --json -q --quiet -h --help"
            else
                _peel_words "--db --phases --recursive --no-recursive --forget --report --export --watch --jobs --batch
                    --precision --memory --device --strict --clip --progress -q --quiet -v --verbose -h --help"
            fi
            return ;;
        quantize)
            if [[ $cur == -* ]]; then
                _peel_words "--images -o --recursive --max-images --ranges --activations --clip-weights
                    --no-bias-correction --max-difference --min-iou --margin --keep-float --all-layers
                    --probe-images --threads --json -q --quiet -v --verbose --help"
            else
                _peel_files
                COMPREPLY+=($(compgen -W "$(_peel_models)" -- "$cur"))
            fi
            return ;;
    esac
    if [[ $cur == -* ]]; then
        _peel_words "-o -O -m --model --mask --format --all-frames --animation --quality --lossless --background --edges --compat
            --background-fit --trimap --hints --roi --solid --keep --fill-holes -a --alpha-matting -af -ab -ae --shadow --size --rectify
            --position --scale --crop --max-size --max-output-pixels --max-pixels --threads --jobs --device --backend --ort --precision --strict --recursive
            --skip-existing --watch --shard --shards --memory --report --progress -q --quiet -v --verbose -h --help -V --version"
        return
    fi
    _peel_files
    [[ $cword -eq 1 ]] && COMPREPLY+=($(compgen -W "cut rectify video scan stream serve models model doctor quantize bench" -- "$cur"))
}
complete -F _peel peel
