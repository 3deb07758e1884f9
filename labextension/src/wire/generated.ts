// Generated from the coordinator's API by scripts/write_wire_types.py; not to be edited.

import type { Json } from './json';

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The result of an ACT. */
        ActResult: {
            headline?: components["schemas"]["PrimaryMetric"] | null;
            warnings?: string[];
            measured_on?: string | null;
            strategy?: string | null;
            seed?: number | null;
            torch?: string | null;
            threads?: number | null;
            ranks?: number | null;
            device?: string | null;
            environment?: string | null;
            pool?: string | null;
            episodes?: number | null;
            actions?: number | null;
            /** @description Episodes over which the mean return was taken: the last ones. */
            averaged?: number | null;
            /** @description The best episode. */
            best?: {
                [key: string]: Json;
            } | null;
            /** @description The result of each of several agents. */
            agents?: {
                [key: string]: Json;
            }[];
            /** @description Updates that the weights have had, where they come from a learner. */
            epoch?: number | null;
            time_s?: number | null;
            actions_per_s?: number | null;
        } & {
            [key: string]: unknown;
        };
        /** @description One try at running a job. */
        AttemptRecord: {
            number: number;
            host: string | null;
            state: components["schemas"]["JobState"];
            started_at: string | null;
            finished_at: string | null;
            /** @description First step this attempt trains; the curve of earlier attempts is cut here. */
            resume_step: number;
            error: components["schemas"]["JobErrorRecord"] | null;
        };
        /** @description Two words as a small picture that is drawn here. */
        Badge: {
            label: string;
            value: string;
            svg: string;
            url: string | null;
        };
        /** @description The time that a network with fresh weights takes for a batch on a host. */
        Benchmark: {
            input_shape: number[];
            parameters: number;
            batch_size: number;
            threads: number;
            device: string;
            forward: components["schemas"]["BenchmarkTiming"];
            forward_backward: components["schemas"]["BenchmarkTiming"] | null;
            network: string;
            host: string;
            /** @description What may have changed the times, as sentences. */
            notes: string[];
        };
        /** @description A question for the time that a network takes for a batch. */
        BenchmarkRequest: {
            /** @description Dataset whose samples have the shape; without it that of the network or `input_shape`. */
            dataset?: string | null;
            /** @description Shape of one sample, for a network that takes any. */
            input_shape?: number[] | null;
            /** @description Number of outputs, for a network that takes any. */
            outputs?: number | null;
            /** @description Samples in a batch. */
            batch_size?: number;
            /** @description Batches that are timed; fewer where these take more than `MEASURE_WITHIN_S`. */
            runs?: number;
            /** @description Batches that go before, untimed. */
            warmup?: number;
            /** @description Threads that torch computes with; at most the CPUs of the host. */
            threads?: number;
            /** @description Host to measure on; the least busy one that is up when absent. */
            host?: string | null;
        };
        /** @description Time that a batch takes. */
        BenchmarkTiming: {
            median_ms: number;
            min_ms: number;
            max_ms: number;
            /** @description Batches that were timed. */
            runs: number;
            /** @description Samples of a batch over the median time. */
            samples_per_s: number;
        };
        /** @description The result of a RUN. */
        CodeResult: {
            headline?: components["schemas"]["PrimaryMetric"] | null;
            warnings?: string[];
            measured_on?: string | null;
            strategy?: string | null;
            seed?: number | null;
            torch?: string | null;
            threads?: number | null;
            ranks?: number | null;
            device?: string | null;
            /** @description Of a script or a module; None where a signal ended it, and of notebooks and cells. */
            exit_code?: number | null;
            /** @description Folder in which the code ran. */
            working_folder?: string | null;
            /** @description Executed notebook, one of the job's files. */
            notebook?: string | null;
            /** @description Files that the code left and that are kept. */
            outputs?: string[];
            /** @description Patterns of files to keep that match none. */
            missing_outputs?: string[];
            /** @description Variables of a cell that it gives back, to the files that hold them. */
            results?: {
                [key: string]: string;
            };
        } & {
            [key: string]: unknown;
        };
        /** @description Recognised properties of one column. */
        ColumnLook: {
            name: string;
            /** @enum {string} */
            role: "input" | "target" | "left out";
            /** @description What its values are; of other things than a table's their type. */
            kind: ("number" | "truth" | "date" | "text") | string;
            date_format: string | null;
            missing: number;
            distinct: number;
            /** @description Some of its values, as they are written. */
            examples: string[];
        };
        /** @description Everything that may be configured about a deployment of an item, with its defaults. */
        ConfigurationDocument: {
            item: string;
            /** @enum {string} */
            purpose: "infer" | "retrain" | "develop";
            /** @description Purposes that the item can be deployed for, each with a sentence. */
            purposes: {
                [key: string]: string;
            };
            /** @description Group (``general``, ``hardware``, ``storage``) to its fields by their keys, which are unique over all groups. */
            groups: {
                [key: string]: {
                    [key: string]: components["schemas"]["ConfigurationField"];
                };
            };
        };
        /** @description One field of a configuration document. */
        ConfigurationField: {
            /** @description Shown beside it. */
            name: string;
            /** @description The default. */
            value: Json;
            /** @enum {string} */
            type: "text" | "long_text" | "password" | "integer" | "number" | "boolean" | "list";
            /** @description Help: what it means and what is accepted. */
            description: string;
            /** @description The only values that are accepted. */
            options: Json[] | null;
            /** @description Smallest and largest value, None where there is no such limit; of text: its length. */
            range: (number | null)[] | null;
            /** @description ``MB``, ``min``. */
            unit: string | null;
            /** @description What to know about the default, such as that the item asked for more than is allowed. */
            warning: string | null;
            /** @description Why nothing but the default is accepted; None where it may be changed. */
            disabled: string | null;
            /** @description Other fields of the document to the values with which this one means something. */
            depends_on: {
                [key: string]: Json[];
            } | null;
        };
        /** @description A file that was sent for a submission to name. */
        ContentRecord: {
            /** @description ``sha256:<hex>``. */
            content: string;
            bytes: number;
        };
        /** @description The name of a copy, and whether it has weights. */
        CopyRequest: {
            name: string;
            weights?: boolean;
        };
        /** @description What files at paths were when a job was submitted. */
        DataPin: {
            /** @description Digest of their paths, sizes and times. */
            stamp: string;
            /** @description Digest of what they hold; None of more than a gigabyte. */
            content: string | null;
            files: number;
            bytes: number;
            /** @description Unix time at which they were looked at. */
            at: number;
        };
        /**
         * @description A dataset as the repository keeps it; of tables the fields of `TableOptions` too.
         *
         *     Indices are those of DIANNE: one sequence of samples, half-open ranges, and splits that are
         *     ranges over it. Where `shuffle_seed` is set the sequence is the stored rows in the order of
         *     ``numpy.random.default_rng(shuffle_seed).permutation(size)``.
         */
        DatasetDescriptor: {
            target: string | string[] | null;
            inputs: string[] | null;
            exclude: string[];
            separator: string | null;
            decimal: ("." | ",") | null;
            thousands: ("" | "." | "," | " " | "'" | "_") | null;
            encoding: string | null;
            header: boolean | null;
            date_format: string | null;
            /** @enum {string} */
            missing: "refuse" | "drop" | "mean" | "class";
            encode: ("classes" | "one-hot") | {
                [key: string]: "classes" | "one-hot";
            } | null;
            normalise: boolean;
            /** @constant */
            format: 1;
            name: string;
            title: string;
            summary: string;
            source: string;
            licence: string;
            /** @enum {string} */
            kind: "npz" | "csv" | "parquet" | "huggingface" | "idx" | "cifar10" | "cifar100" | "svhn" | "stl10" | "raw" | "images" | "masks" | "characters" | "blobs" | "moons" | "sequences";
            /** @description The only file, or folder. */
            file: string | null;
            /** @description Files of the training samples, in order, where there is more than one file. Kinds that keep labels apart (idx, stl10, and raw with `label_bytes` 0) take pairs: inputs, labels, … */
            train: string[];
            /** @description Files of the validation samples, which are numbered after those of `train`. */
            validation: string[];
            /** @description Files of the test samples, which are numbered last. */
            test: string[];
            /** @description Images only: a text file with one class number a line, in the order of the images' names. */
            labels: string | null;
            /** @description Images only: skip unreadable files and report their names; otherwise they are refused. */
            skip_broken: boolean;
            /** @description Masks only: value of the pixels of each class, in order; told from the masks when absent. */
            mask_values: number[] | null;
            /** @description Masks only: value of pixels that are neither learnt nor judged; 255 when absent, where other values are class numbers. */
            ignore_value: number | null;
            /** @description Raw only: bytes before each sample, the last of which is the class; 0: files of labels. */
            label_bytes: number;
            /** @description Synthetic kinds only, see `SYNTHETIC`. */
            parameters: {
                [key: string]: number;
            };
            /** @description None: classification when the targets are whole numbers or text, else regression. */
            task: ("classification" | "regression") | null;
            /** @description Shape of one input sample; None: as stored. Images are brought to this size. */
            shape: number[] | null;
            /** @description Inputs are multiplied by this when they are read; None: 1/255 for pixels, else 1. */
            scale: number | null;
            /** @description Names of the classes in the order of their labels. */
            classes: string[] | null;
            features: string[] | null;
            /** @description Samples that are used, from the first on; None: all. */
            size: number | null;
            /** @description None: as stored; folders of images, where classes follow one another, are then shuffled with seed 0 unless they have parts. */
            shuffle_seed: number | null;
            /** @description Whether parts that neither `splits` nor files tell are drawn from all over the samples. False, for samples that follow one another in time: the last ones test, those before validate. */
            shuffle: boolean;
            /** @description Half-open index ranges of the parts; None: as the files say, and what they do not say is drawn from the training samples, by class, with seed 0. */
            splits: {
                [key: string]: [
                    number,
                    number
                ];
            } | null;
            /** @description Adapter options that jobs get unless they say otherwise. */
            adapters: {
                [key: string]: Json;
            };
            /** @description Where the files referred to by ``get:<name>`` come from. */
            download: components["schemas"]["DownloadSource"][];
            /** @description Changes with the files that are referred to by path; set by the repository. */
            stamp: string;
            /** @description Set for weights that are used on these samples: they are read as those that were learnt. */
            learnt: components["schemas"]["LearntSamples"] | null;
            /** @description Set for a job: what its files at paths were when it was submitted. */
            pinned: components["schemas"]["DataPin"] | null;
        };
        /** @description Facts read from the data itself by the inspector. */
        DatasetFacts: {
            size: number;
            /** @description Shape of one input sample, without the batch axis. */
            shape: number[];
            /** @enum {string} */
            task: "classification" | "regression";
            /** @description Number of classes, or of regression targets. */
            outputs: number;
            /** @description Shape of the target of one sample; empty for one class. */
            target_shape: number[];
            classes: string[] | null;
            /** @description Samples per class, in the order of `classes`. */
            class_counts: number[] | null;
            features: string[] | null;
            /** @description Its parts, in the order train, validation, test; samples are in one of them at most. */
            parts: {
                [key: string]: components["schemas"]["PartFacts"];
            };
            /** @description Size of the stored files. */
            bytes: number;
            /** @description Whether a target marks pixels of its image, or tells a class for each. */
            masks: boolean;
            /** @description Of masks: value of the pixels of each class as they are written; None for grey levels. */
            mask_values: number[] | null;
            /** @description Of masks: value of pixels that are neither learnt nor judged. */
            ignore_value: number | null;
            /** @description Least and largest stored number, of arrays with the shape of pictures. */
            value_range: [
                number,
                number
            ] | null;
            /** @description Samples that were left out because they cannot be read. */
            skipped: number;
            /** @description Caveats about scores on this dataset, as sentences. */
            warnings: string[];
            /** @description Factor applied to stored inputs. */
            scale: number;
            /**
             * @description Type of the inputs that networks get; int64 for symbols.
             * @enum {string}
             */
            input_type: "float32" | "int64";
            /** @description Type of the inputs as they are stored: ``uint8``. */
            stored_type: string;
            /** @description Whether samples are read when they are needed, and not held in memory. */
            streamed: boolean;
            /** @description Whether samples follow each other, as the characters of a text. */
            sequential: boolean;
            /** @description How a row of a table becomes a sample. */
            table: components["schemas"]["TablePreparation"] | null;
            /** @description What the files at paths were that these facts were read from. */
            pin: components["schemas"]["DataPin"] | null;
            /** @description Samples skipped and assumptions made while reading, as sentences. */
            notes: string[];
        };
        /** @description How a file or folder would be read as a dataset; nothing has been added. */
        DatasetLook: {
            /** @description The inspected data: ``sha256:<hex>`` of a file, or ``path:<folder>``. */
            content: string;
            /** @description A name that it may be added under. */
            name: string;
            kind: string;
            /** @description Recognised properties of a table. */
            table: components["schemas"]["TableLook"] | null;
            /** @description Recognised properties of a folder of pictures. */
            folder: components["schemas"]["PictureFolder"] | null;
            /** @description None where it cannot be used as it is. */
            facts: components["schemas"]["DatasetFacts"] | null;
            /** @description The first samples, spread over all, as networks would see them. */
            samples: components["schemas"]["SampleView"][];
            /** @description All that is wrong, by the option that would mend it. */
            problems: components["schemas"]["FieldError"][];
        };
        /** @description Some samples, with the facts as jobs see them through the adapters that were asked for. */
        DatasetPreview: {
            facts: components["schemas"]["DatasetFacts"];
            part: ("train" | "validation" | "test") | null;
            samples: components["schemas"]["SampleView"][];
        };
        /** @description A dataset of the repository. */
        DatasetRecord: {
            name: string;
            /** @description None where the file that should describe it cannot be read. */
            descriptor: components["schemas"]["DatasetDescriptor"] | null;
            /** @enum {string} */
            origin: "bundled" | "added";
            /** @enum {string} */
            state: "ready" | "not downloaded" | "downloading" | "broken";
            /** @description Why it cannot be used, as a sentence. */
            problem: string | null;
            /** @description The dataset that it is, seen through adapters. */
            base: string | null;
            /** @description Where it lies on the coordinator's machine: its descriptor, or its only file. */
            location: string | null;
            /** @description None where there is nothing to download, or nobody has tried. */
            download: components["schemas"]["DownloadRecord"] | null;
            /** @description Whether its data are being read, so that its facts come later: gigabytes take minutes. */
            reading: boolean;
            /** @description None until the inspector has answered. */
            facts: components["schemas"]["DatasetFacts"] | null;
        };
        /** @description What each process of a kind asks for where nothing is said. */
        DefaultRequest: {
            cpus: number;
            /** @description Bytes. */
            memory: number;
            /** @description Where the cluster has any. */
            gpus: number;
        };
        /** @description The search that a marketplace opens with. */
        DefaultSearch: {
            filters: {
                [key: string]: string[];
            };
        };
        /** @description An entry of an item's deploy menu. */
        DeployAction: {
            /** @enum {string} */
            action: "try" | "api" | "jupyterlab" | "vscode" | "batch" | "elsewhere" | "notebook";
            label: string;
            enabled: boolean;
            /** @description What it does; where it is disabled, why, and what would be needed. */
            reason: string;
            /** @description Service that the form opens with. */
            service: ("api" | "ide" | "monitor" | "ui" | "custom") | null;
            /** @description Item that is deployed; another one where a tool deploys it. */
            item: string | null;
            /** @description Configuration that the form opens with. */
            values: {
                [key: string]: Json;
            };
            /** @description Page elsewhere that it leads to. */
            url: string | null;
        };
        /** @description What would become of a request, without storing anything. */
        DeploymentCheck: {
            /** @description What is wrong with it; empty: it would be accepted. */
            refusals: components["schemas"]["FieldError"][];
            /** @description Every field with the value that would be used. */
            configuration: {
                [key: string]: {
                    [key: string]: Json;
                };
            };
            /** @description A sentence: what is free and when it would start. */
            outlook: string;
            /** @description A sentence about a cheaper choice that would start earlier, such as one without a GPU. */
            alternative: string | null;
            warnings: string[];
        };
        /** @description A deployment was deleted, and nothing of it is left. */
        DeploymentDeletedMessage: {
            event: string;
            /** @constant */
            type: "deployment_deleted";
            deployment_deleted: string;
        };
        /** @description A deployment came, or something of it changed; its owner is told. */
        DeploymentMessage: {
            event: string;
            /** @constant */
            type: "deployment";
            deployment: components["schemas"]["DeploymentRecord"];
        };
        /** @description A page of deployments, newest first. */
        DeploymentPage: {
            items: components["schemas"]["DeploymentRecord"][];
            /** @description Deployments that match, on all pages. */
            total: number;
            offset: number;
        };
        /** @description How far the start of a deployment is. */
        DeploymentPhase: {
            /** @description ``environment``, ``download``, ``warm-up`` or ``ready``. */
            name: string;
            /** @description A sentence for people. */
            text: string;
            /** @description Share done, 0 to 1, where it is known. */
            fraction: number | null;
        };
        /** @description A deployment as the API shows it. */
        DeploymentRecord: {
            /** @description Twelve hexadecimal digits: the last of its `uuid`. */
            id: string;
            uuid: string;
            item: string;
            item_title: string;
            /**
             * @description Which table shows it; a trial of an item is ``try``.
             * @enum {string}
             */
            kind: "module" | "tool" | "try";
            /** @enum {string} */
            purpose: "infer" | "retrain" | "develop";
            owner: string;
            title: string;
            description: string;
            /**
             * @description The main service: what quick access opens.
             * @enum {string}
             */
            service: "api" | "ide" | "monitor" | "ui" | "custom";
            state: components["schemas"]["DeploymentState"];
            /**
             * @description What it is on its way to.
             * @enum {string}
             */
            target: "run" | "stop" | "delete";
            /** @description Why it waits, or what it is doing, as a sentence. */
            reason: string | null;
            /** @description How far its start is; None before it began. */
            phase: components["schemas"]["DeploymentPhase"] | null;
            /** @description Every field of its configuration with the value that is used; passwords are left out. */
            configuration: {
                [key: string]: {
                    [key: string]: Json;
                };
            };
            /** @description ``process`` or ``container``. */
            runtime: string;
            /** @description Image of its container with its tag; None for a process. */
            image: string | null;
            network: string | null;
            tag: string | null;
            resources_asked: components["schemas"]["ResourceRequest"];
            /** @description What it holds now; None while it holds nothing. */
            resources_given: components["schemas"]["ResourceRequest"] | null;
            /** @description Indices of the GPUs that it holds on its host. */
            gpus: number[];
            host: string | null;
            site: string | null;
            endpoints: components["schemas"]["EndpointRecord"][];
            /** Format: date-time */
            created: string;
            /** @description When it was first started. */
            started: string | null;
            ended: string | null;
            /** @description When it is ended by the platform, as a trial is; None: never. */
            expires: string | null;
            /** @description Minutes without a request after which it is stopped; 0: never. */
            idle_stop_minutes: number;
            /** @description How often it was started, restarts included. */
            attempts: number;
            /** @description Why it failed, or why its last attempt ended; with the last lines of its log. */
            error: components["schemas"]["JobErrorRecord"] | null;
            warnings: string[];
        };
        /** @description A request for a deployment of an item. */
        DeploymentRequest: {
            /** @description Name of the item in the marketplace. */
            item: string;
            /**
             * @description What it is for; it presets service and hardware.
             * @enum {string}
             */
            purpose?: "infer" | "retrain" | "develop";
            /** @description Shown to people, 45 characters at most; blank: two words are made up. */
            title?: string | null;
            /** @description Longer text, 1,000 characters at most. */
            description?: string;
            /** @description Values of the configuration document that differ from its defaults, by group (``{"hardware": {"cpu_num": 2}}``) or by name alone (``{"cpu_num": 2}``). */
            configuration?: {
                [key: string]: Json;
            };
            /** @description Network of the repository that it serves, for items that serve one. */
            network?: string | null;
            /** @description Tag of the weights of that network; None: the newest. */
            tag?: string | null;
        };
        /**
         * @description Where a deployment is in its life.
         * @enum {string}
         */
        DeploymentState: "queued" | "error" | "starting" | "running" | "stopping" | "down" | "failed" | "complete" | "stopped";
        /** @description How far the files of a dataset have come. */
        DownloadRecord: {
            /** @description That are here, of `total`; also those of an earlier try. */
            bytes: number;
            total: number;
            /** @description Bytes a second, lately; None while nothing comes. */
            rate: number | null;
            running: boolean;
            /** @description Whether all is here and is being verified and unpacked. */
            unpacking: boolean;
            /** @description Why the last try ended without success. */
            problem: string | null;
        };
        /** @description A public file, by what is known of it. */
        DownloadSource: {
            /** @description Addresses of the same file, asked in this order. */
            urls: string[];
            bytes: number;
            sha256: string;
            /** @description ``gzip``: one file, named without ``.gz``; ``tar``: those of its files that are needed. */
            unpack: ("gzip" | "tar") | null;
            /** @description Folder in which mirrors keep it: files of several datasets have the same name. */
            folder: string;
            /** @description Bytes of what is taken out of it. */
            unpacked: number | null;
        };
        /** @description Properties of a draft, as far as it can be built. */
        DraftRecord: {
            /** @description The layers up to the first that does not fit. */
            layers: components["schemas"]["LayerRecord"][];
            parameters: number;
            input_shape: number[] | null;
            output_shape: number[] | null;
            /** @description The mismatch, as a sentence; None where the network can be trained as it is. */
            problem: string | null;
            /** @description Number of the layer that does not fit, from 0; None where it is not one layer's fault. */
            layer: number | null;
        };
        /** @description A network to look at without storing it. */
        DraftRequest: {
            description: components["schemas"]["NetworkDescription-Input"];
            /** @description Dataset to learn; gives the shape of samples and the number of outputs. */
            dataset?: string | null;
        };
        /** @description An array of numbers, shorter than as a list. */
        EncodedArray: {
            shape: number[];
            /** @description Base64 of little-endian float32, last axis fastest. */
            data: string;
        };
        /** @description One service of a deployment that can be opened. */
        EndpointRecord: {
            /** @enum {string} */
            service: "api" | "ide" | "monitor" | "ui" | "custom";
            /** @description Below the base URL of the Jupyter server: ``jupyter-platform/deployments/<id>/api/``. */
            path: string;
            /** @description Whether it answered when it was last asked, at most 10 s ago. */
            alive: boolean;
            /** @description When it began to answer; None while it does not. */
            since: string | null;
            /** @description Whether quick access opens it: the service that was chosen. */
            main: boolean;
        };
        /** @description Observations and actions of an environment, as the installed environment declares them. */
        EnvironmentFacts: {
            id: string;
            /** @description Shape of one observation as networks see it: dicts are flattened, numbers become one-hot. */
            observation_shape: number[];
            /** @enum {string} */
            observation_type: "float32" | "uint8";
            /** @description How many discrete actions there are; None where actions are numbers. */
            actions: number | null;
            /** @description Shape of a continuous action; empty for discrete ones. */
            action_shape: number[];
            action_low: number[] | null;
            /** @description Bounds of each number of a continuous action, flattened. */
            action_high: number[] | null;
            /** @description Steps after which an episode is cut. */
            max_episode_steps: number | null;
            /** @description Mean return from which on the environment counts as solved. */
            reward_threshold: number | null;
        };
        /** @description An environment that can be asked for by its id. */
        EnvironmentRecord: {
            id: string;
            /** @description Where its code lies. */
            entry: string;
            max_episode_steps: number | null;
            reward_threshold: number | null;
        };
        /** @description What is answered instead of what was asked for. */
        ErrorBody: {
            message: string;
            code: string;
            errors?: components["schemas"]["FieldError"][];
        };
        /** @description The result of an EVALUATE. */
        EvaluateResult: {
            headline?: components["schemas"]["PrimaryMetric"] | null;
            warnings?: string[];
            measured_on?: string | null;
            strategy?: string | null;
            seed?: number | null;
            torch?: string | null;
            threads?: number | null;
            ranks?: number | null;
            device?: string | null;
            samples?: number | null;
            episodes?: number | null;
            /** @description Samples for which the outputs are not finite. */
            not_finite?: number | null;
            /** @description Whether it was stopped before all samples were judged. */
            partial?: boolean | null;
            loss?: number | null;
            criterion?: string | null;
            /** @description Probability of the second of two classes from which on it is chosen. */
            threshold?: number | null;
            /** @description Name of the class that a binary evaluation is about. */
            positive?: string | null;
            /** @description Share of samples whose class is among the k likeliest, by k. */
            top_k?: {
                [key: string]: number;
            };
            classes?: string[];
            /** @description Samples by true, then by predicted class. */
            confusion?: number[][];
            per_class?: {
                [key: string]: Json;
            }[];
            /** @description True and predicted number of some samples of a regression. */
            pairs?: [
                number,
                number
            ][];
            examples?: {
                [key: string]: Json;
            }[];
            outputs?: components["schemas"]["OutputFile"] | null;
            /** @description Error that decides whether weights become the best of their tag: name and value. */
            compared?: {
                [key: string]: Json;
            } | null;
            stored_best?: boolean | null;
            environment?: string | null;
            discount?: number | null;
            evaluation_time_s?: number | null;
            forward_ms_per_sample?: number | null;
        } & {
            [key: string]: unknown;
        };
        EventMessage: components["schemas"]["SnapshotMessage"] | components["schemas"]["JobMessage"] | components["schemas"]["JobDeletedMessage"] | components["schemas"]["DeploymentMessage"] | components["schemas"]["DeploymentDeletedMessage"] | components["schemas"]["HostMessage"] | components["schemas"]["HostRemovedMessage"] | components["schemas"]["NotificationMessage"] | components["schemas"]["StatusMessage"] | components["schemas"]["ProgressMessage"] | components["schemas"]["ReasonsMessage"];
        /** @description A value of a field, and how many items it would give. */
        FacetValue: {
            value: string;
            count: number;
        };
        /** @description One thing that is wrong with one field of a request. */
        FieldError: {
            /** @description Name of the field as the caller spelled it. */
            field: string;
            value: Json;
            /** @description A whole sentence: what is wrong and what would be accepted. */
            message: string;
            accepted: string | null;
            /** @description The known name nearest to an unknown one. */
            nearest: string | null;
        };
        /** @description The output of a generative network: `samples`, or `text`. */
        Generation: {
            network: string;
            /** @description ``<tag>/<variant>`` of the weights. */
            tag: string;
            /** @description As nested lists. */
            samples: Json[] | null;
            start: string | null;
            /** @description The continuation of `start`. */
            text: string | null;
        };
        /** @description A question for samples, or for text that goes on. */
        GenerationRequest: {
            /** @description ``<tag>[/<variant>]``; the newest tag and its best weights when absent. */
            tag?: string | null;
            /** @description Seed of what is drawn; the same one gives the same. */
            seed?: number;
            /** @description Samples to make; 16 when absent. */
            count?: number | null;
            /** @description Text to go on with; the first character that the network knows when absent. */
            start?: string | null;
            /** @description Characters to make; 200 when absent. */
            length?: number | null;
            /** @description How freely characters are drawn: near 0 the likeliest always; 1 when absent. */
            temperature?: number | null;
        };
        /** @description One GPU that a host offers. */
        GpuRecord: {
            /** @description Index for ``CUDA_VISIBLE_DEVICES``. */
            index: number;
            uuid: string;
            name: string;
            /** @description Bytes in all. */
            memory: number;
            /** @description Whether `memory` is the machine's own, which CPUs and GPU share. */
            is_unified: boolean;
        };
        /** @description The load of a GPU at one moment. */
        GpuSample: {
            index: number;
            /** @description Per cent. */
            utilisation: number;
            memory_used: number;
            /** @description Bytes held by processes that are not ours. */
            foreign_memory: number;
        };
        /** @description That the coordinator answers. */
        HealthRecord: {
            status: string;
        };
        /** @description Whether jobs that wait stay where they are. */
        HoldRequest: {
            /** @description False lets the queue move again. */
            held?: boolean;
        };
        /** @description The description that a host agent sends when it joins. */
        HostDescription: {
            name: string;
            /** @description Stays the same over restarts of the agent. */
            id: string;
            boot_id: string;
            hostname: string;
            arch: string;
            os: string;
            ip: string;
            /** @description CPUs of the machine, offered or not. */
            machine_cpus: number;
            /** @description CPUs offered. */
            cpus: number;
            /** @description Bytes offered. */
            memory: number;
            gpus: components["schemas"]["GpuRecord"][];
            /** @description A sentence for each GPU that the machine has and that cannot be offered. */
            gpus_not_offered: string[];
            /** @description Role to how many may run at once; None: as many as fit. */
            roles: {
                [key: string]: number | null;
            };
            /** @description Name of each runtime to a sentence on why it cannot be used; None where it can. */
            runtimes: {
                [key: string]: string | null;
            };
            /** @description Data centre that it belongs to. */
            site: string | null;
            /** @description Port of its door, through which services of deployments are reached; None without one. */
            door: number | null;
            /** @description A sentence when more is offered than the machine has or others leave. */
            overcommitted: string | null;
            /** @description Whether a warm process stands ready. */
            warm: boolean;
            /** @description Version of jupyter-platform on the host. */
            version: string;
            /** @description Version of torch on the host; None while not known. */
            torch: string | null;
            /** @description Whether processes outlive the agent (not so on SLURM or Kubernetes). */
            keeps_processes: boolean;
        };
        /** @description A host joined, or something of it changed. */
        HostMessage: {
            event: string;
            /** @constant */
            type: "host";
            host: components["schemas"]["HostRecord"];
        };
        /** @description A host as the API shows it. */
        HostRecord: {
            description: components["schemas"]["HostDescription"];
            address: string | null;
            /**
             * @description Silent: it owes an answer, and is lost when that does not come. Stopped: somebody wanted it to end.
             * @enum {string}
             */
            state: "up" | "silent" | "lost" | "stopped";
            /** Format: date-time */
            joined_at: string;
            /** Format: date-time */
            last_seen_at: string;
            cpus_busy: number;
            memory_busy: number;
            gpus_busy: number[];
            /** @description Ids of the jobs that hold a lease here. */
            jobs: string[];
            sample: components["schemas"]["HostSample"] | null;
        };
        /** @description A host was forgotten. */
        HostRemovedMessage: {
            event: string;
            /** @constant */
            type: "host_removed";
            host_removed: string;
        };
        /** @description The load of a host at one moment. */
        HostSample: {
            /** @description Unix time, s. */
            time: number;
            /** @description Per cent of all CPUs of the machine. */
            cpu: number;
            memory_used: number;
            memory_total: number;
            disk_free: number;
            disk_total: number;
            /** @description Bytes per second. */
            network_sent: number;
            network_received: number;
            gpus: components["schemas"]["GpuSample"][];
            /** @description Whether a warm process stands ready at this moment. */
            warm: boolean;
            /** @description Bytes of weights, checkpoints and data that it keeps for the next job. */
            files_kept: number;
        };
        /** @description An item as a list shows it. */
        ItemCard: {
            /** @description Unique among all items. */
            name: string;
            /** @enum {string} */
            kind: "module" | "tool" | "model" | "llm";
            title: string;
            summary: string;
            /** @description Name of the source that it comes from. */
            source: string;
            libraries: string[];
            tasks: string[];
            categories: string[];
            tags: string[];
            data_types: string[];
            /** @description SPDX identifier where it has one, else as the item has it. */
            license: string | null;
            created: string | null;
            updated: string | null;
            /** @description Deployments made of it here. */
            popularity: number | null;
            /** @enum {string} */
            runs: "here" | "containers" | "gpu" | "no";
            /** @description A sentence: why it does or does not run here. */
            runs_reason: string;
            metric: components["schemas"]["ItemMetric"] | null;
            model: components["schemas"]["ModelFacts"] | null;
            /** @description False for the placeholder of an item whose metadata cannot be read. */
            valid: boolean;
            /** @description What was wrong with its files, a sentence each. */
            problems: string[];
            has_picture: boolean;
        };
        /** @description A link of an item to a page elsewhere. */
        ItemLink: {
            /** @description ``source_code``, ``issues``, ``dataset`` and so on. */
            kind: string;
            label: string;
            url: string;
        };
        /** @description How well an item's weights do. */
        ItemMetric: {
            name: string;
            value: number;
            /** @description The data that it was measured on, in words. */
            measured_on: string;
        };
        /** @description The items that a query finds, a page at a time. */
        ItemPage: {
            total: number;
            items: components["schemas"]["ItemCard"][];
            /** @description Per field the items that text and other fields leave, by value: ticking it gives as many. */
            facets: {
                [key: string]: components["schemas"]["FacetValue"][];
            };
            offset: number;
            /** @description Items in the whole catalogue. */
            all: number;
        };
        /** @description A search for items. */
        ItemQuery: {
            /** @description Words and quoted phrases; an item holds all of them. */
            text?: string;
            filters?: {
                [key: string]: string[];
            };
            /** @description Further filters; an item passes `filters`, or any of these. */
            groups?: {
                [key: string]: string[];
            }[];
            /** @description None: by relevance with a text, else by name. */
            sort?: ("name" | "updated" | "relevance") | null;
        };
        /** @description All that is known of an item. */
        ItemRecord: {
            name: string;
            /** @enum {string} */
            kind: "module" | "tool" | "model" | "llm";
            title: string;
            summary: string;
            source: string;
            libraries: string[];
            tasks: string[];
            categories: string[];
            tags: string[];
            data_types: string[];
            license: string | null;
            created: string | null;
            updated: string | null;
            popularity: number | null;
            /** @enum {string} */
            runs: "here" | "containers" | "gpu" | "no";
            runs_reason: string;
            metric: components["schemas"]["ItemMetric"] | null;
            model: components["schemas"]["ModelFacts"] | null;
            valid: boolean;
            problems: string[];
            has_picture: boolean;
            /** @description The description, sanitised: no script, nothing that is fetched from elsewhere. */
            description_html: string;
            /** @description Its licence in the vocabulary of the EU. */
            license_url: string | null;
            links: components["schemas"]["ItemLink"][];
            badges: components["schemas"]["Badge"][];
            inference: components["schemas"]["ItemResources"] | null;
            training: components["schemas"]["ItemResources"] | null;
            provenance: components["schemas"]["Provenance"] | null;
            recipe: components["schemas"]["RecipeSummary"] | null;
            /** @description Metadata of schema 2.3, as read. */
            metadata: {
                [key: string]: Json;
            };
            /** @description The item's folder on the coordinator's machine, where it has one. */
            folder: string | null;
            deploy: components["schemas"]["DeployAction"][];
            /** @description Item that it was retrained from. */
            parent: string | null;
            /** @description Job that made its weights. */
            job: string | null;
            /** @description Network that it publishes. */
            network: string | null;
            /** @description Tag of the weights that it publishes. */
            tag: string | null;
        };
        /** @description What an item asks for; None where it does not say. */
        ItemResources: {
            cpu: number | null;
            gpu: number | null;
            memory_mb: number | null;
            gpu_memory_mb: number | null;
            gpu_compute_capability: number | null;
            storage_mb: number | null;
        };
        /** @description Jobs that were submitted together. */
        JobBatch: {
            /** @description In the order of the submissions. */
            jobs: components["schemas"]["JobRecord"][];
        };
        /** @description Changes to a submitted job; an omitted field keeps its value. */
        JobChange: {
            name?: string | null;
            note?: string | null;
        };
        /** @description The answer to a dry run of a submission. */
        JobCheck: {
            /** @description Every option with its resolved value. */
            options: {
                [key: string]: Json;
            };
            /** @description The options that were given, in the order in which they came, in our spelling. */
            given: {
                [key: string]: Json;
            };
            request: components["schemas"]["ResourceRequest"];
            /** @description Of a submission in DIANNE's words: what DIANNE would take where it says nothing, if that is something else. */
            dianne_defaults: {
                [key: string]: Json;
            };
            warnings: string[];
            /** @description A sentence: when it would start, and where. */
            when: string;
        };
        /** @description A job was deleted. */
        JobDeletedMessage: {
            event: string;
            /** @constant */
            type: "job_deleted";
            job_deleted: string;
        };
        /** @description Why a job or an attempt did not finish. */
        JobErrorRecord: {
            /** @description Exception class, or ``Killed``, ``HostLost``, ``OutOfMemory``, ``DiskError``. */
            type: string;
            message: string;
            traceback: string | null;
            log_tail: string | null;
        };
        /** @description A file that a job has made for people. */
        JobFileRecord: {
            name: string;
            bytes: number;
        };
        /** @description A job came, or something of it changed. */
        JobMessage: {
            event: string;
            /** @constant */
            type: "job";
            job: components["schemas"]["JobRecord"];
        };
        /** @description A page of jobs, newest first unless asked otherwise. */
        JobPage: {
            items: components["schemas"]["JobRecord"][];
            /** @description Jobs that match, on all pages. */
            total: number;
            offset: number;
        };
        /** @description How far a running job is. */
        JobProgress: {
            step: number;
            /** @description None for a job without a known end. */
            total: number | null;
            /** @description Steps per second, smoothed. */
            rate: number | null;
            remaining_s: number | null;
            /** @description Latest value per series; None where it is not finite. */
            values: {
                [key: string]: number | null;
            };
            /** @description Unit of a step: ``"it"`` (weight updates) or ``"samples"``. */
            unit: string;
        };
        /** @description A job as the API shows it. */
        JobRecord: {
            id: string;
            name: string;
            type: components["schemas"]["JobType"];
            /** @description Badge derived from what runs: ``FF``, ``RNN``, ``RL``, ``CLASSIFICATION``, ``CRITERION``. */
            category: string | null;
            owner: string;
            state: components["schemas"]["JobState"];
            target: components["schemas"]["JobTarget"];
            /** @description Why it waits, or what it is doing, as a sentence; None when there is nothing to say. */
            reason: string | null;
            networks: string[];
            dataset: string | null;
            /** @description Every option with its resolved value. */
            options: {
                [key: string]: Json;
            };
            /** @description The options that were given, in our spelling: what a resubmission starts from. */
            given: {
                [key: string]: Json;
            };
            /** @description Tag that LEARN stores under, or ``<tag>/<variant>`` that EVALUATE reads. */
            tag: string | null;
            request: components["schemas"]["ResourceRequest"];
            priority: number;
            target_count: number;
            targets: string[];
            target_filter: string | null;
            force_free: boolean;
            /** Format: date-time */
            submitted_at: string;
            started_at: string | null;
            finished_at: string | null;
            host: string | null;
            progress: components["schemas"]["JobProgress"] | null;
            headline: components["schemas"]["PrimaryMetric"] | null;
            attempts: components["schemas"]["AttemptRecord"][];
            error: components["schemas"]["JobErrorRecord"] | null;
            /** @description Warnings about checks omitted at submission, and about changed options. */
            warnings: string[];
            /** @description Id of the sweep that it is part of. */
            sweep: string | null;
            /** @description Options in which it differs from the other jobs of its sweep. */
            varied: {
                [key: string]: Json;
            };
            /** @description Hosts of its processes by rank, in the latest attempt; only in the record of a single job. */
            hosts: string[];
            /** @description A user's note on the job. */
            note: string;
            /** @description As `core.results` knows it; only in the record of a single job, not in lists. */
            result: {
                [key: string]: Json;
            } | null;
            /** @description All scores of the result, the leading ones first; only in the record of a single job. */
            scores: components["schemas"]["Score"][];
        };
        /**
         * @description Where a job is in its life.
         * @enum {string}
         */
        JobState: "queued" | "starting" | "running" | "stopping" | "paused" | "unreachable" | "finished" | "stopped" | "failed" | "cancelled";
        /** @description A request for a job. */
        JobSubmission: {
            type: string;
            /** @description Names in the repository; most jobs take one, a RUN none. */
            networks?: string[];
            dataset?: string | null;
            /** @description Shown to people, need not be unique; defaults to ``<network>-<dataset>``. */
            name?: string | null;
            /** @description Options in our spelling or DIANNE's, values typed or as text. */
            options?: {
                [key: string]: Json;
            };
            /** @description Overrides of the type's default `ResourceRequest`; sizes may be text (``"4GB"``). */
            request?: {
                [key: string]: Json;
            };
            priority?: number;
            /** @description Processes in the gang; all start together or none, each on a host of its own where targets or a filter ask for hosts. None: one, or one on each target. */
            target_count?: number | null;
            /** @description Names or ids of the hosts that it may use, each for one process; empty: any host. Text is taken apart at commas. */
            targets?: string[];
            /** @description Which hosts it may use, as RFC 1960 writes filters: ``(&(arch=x86_64)(memory>=16GB))``. */
            target_filter?: string | null;
            /** @description Whether its hosts must be free of other work, and stay so while it runs. */
            force_free?: boolean;
            /** @description Whether options that are not given have DIANNE's defaults instead of ours. */
            dianne_defaults?: boolean;
            /** @description The submitter's note on preparations, such as a file added as a dataset. */
            notes?: string[];
        };
        /** @description Jobs that are submitted together. */
        JobSubmissions: {
            /** @description All are stored, in this order, or none. */
            jobs: components["schemas"]["JobSubmission"][];
        };
        /**
         * @description What the owner wants a job to become; the reconciler closes the difference.
         * @enum {string}
         */
        JobTarget: "run" | "stop" | "delete";
        /** @example LEARN */
        JobType: string;
        /** @description Weights that belong to a job: made by it, or used by it to evaluate or act. */
        JobWeights: {
            network: string;
            variant: string;
            /** @description SHA-256 of the safetensors file, in hex. */
            digest: string;
            bytes: number;
            step: number | null;
            scores: {
                [key: string]: number | null;
            };
            /** @description The job that made them. */
            job: string | null;
            /** @description The network as it was when the job was submitted. */
            description: components["schemas"]["NetworkDescription-Output"];
        };
        /** @description A kind as the API shows it. */
        KindSummary: {
            name: string;
            title: string;
            help: string;
            role: string;
            /** @enum {string} */
            takes: "networks" | "code";
            /** @enum {string} */
            samples: "strategy" | "environment" | "optional" | "none";
            /** @description What a row of the queue calls it. */
            label: string;
            /** @description What each of its processes asks for where nothing is said. */
            request: components["schemas"]["DefaultRequest"];
        };
        /** @description One layer: a type, its arguments, and where its inputs come from. */
        "Layer-Input": {
            /** @description A name from the registry of layers: ``"Conv2d"``, ``"Linear"``, ``"ReLU"``, … */
            type: string;
            /** @description Unique within the network; defaults to the type and its number. */
            name?: string | null;
            /** @description Names of the layers that feed this one; the previous layer when absent. */
            inputs?: string[] | null;
        } & {
            [key: string]: unknown;
        };
        /** @description One layer: a type, its arguments, and where its inputs come from. */
        "Layer-Output": {
            /** @description A name from the registry of layers: ``"Conv2d"``, ``"Linear"``, ``"ReLU"``, … */
            type: string;
            /** @description Unique within the network; defaults to the type and its number. */
            name: string | null;
            /** @description Names of the layers that feed this one; the previous layer when absent. */
            inputs: string[] | null;
        } & {
            [key: string]: unknown;
        };
        /** @description A keyword argument of a type of layer. */
        LayerArgument: {
            name: string;
            required: boolean;
            /** @description Default value; None also for a default that JSON cannot express. */
            default: Json;
        };
        /** @description One row of a layer table, as the inspector answers it. */
        LayerRecord: {
            name: string;
            type: string;
            /** @description Shape of the layer's output for one sample, without the batch axis; None: not known. */
            output_shape: number[] | null;
            parameters: number;
        };
        /** @description A type of layer that a description may name. */
        LayerTypeRecord: {
            name: string;
            arguments: components["schemas"]["LayerArgument"][];
            min_inputs: number;
            /** @description None: any number. */
            max_inputs: number | null;
        };
        /** @description The result of a LEARN. */
        LearnResult: {
            headline?: components["schemas"]["PrimaryMetric"] | null;
            warnings?: string[];
            measured_on?: string | null;
            strategy?: string | null;
            seed?: number | null;
            torch?: string | null;
            threads?: number | null;
            ranks?: number | null;
            device?: string | null;
            /** @description Step and scores of the best weights. */
            best?: {
                [key: string]: number | null;
            } | null;
            /** @description Scores of the last validation. */
            validation?: {
                [key: string]: number | null;
            } | null;
            /** @description Iterations (weight updates) that were done. */
            steps?: number | null;
            stopped_by?: string | null;
            training_time_s?: number | null;
            samples_per_s?: number | null;
            /** @description Variants of weights that were kept. */
            weights?: string[];
            learning_rate?: number | null;
            batch_size?: number | null;
            epochs?: number | null;
            train_samples?: number | null;
            validation_samples?: number | null;
            /** @description What the networks made last. */
            samples?: {
                [key: string]: Json;
            } | null;
        } & {
            [key: string]: unknown;
        };
        /** @description What weights that are used on a dataset know of the samples that they learnt. */
        LearntSamples: {
            dataset: string;
            /** @description How rows became inputs; means and categories are those of the rows that were learnt. */
            table: components["schemas"]["TablePreparation"] | null;
            /** @description Classes in the order of the outputs. */
            classes: string[] | null;
        };
        /** @description A piece of a job's log. */
        LogChunk: {
            /** @description Byte at which `text` begins. */
            offset: number;
            /** @description Byte to ask for next. */
            next_offset: number;
            /** @description Bytes in the whole log now. */
            size: number;
            text: string;
            /** @description Whether the job has ended and `next_offset` is the end. */
            complete: boolean;
        };
        /** @description The curves of a job. */
        MetricsRecord: {
            series: {
                [key: string]: components["schemas"]["SeriesPoints"];
            };
        };
        /** @description What is known of a language model or a model of another zoo. */
        ModelFacts: {
            /** @description Identifier with its publisher; the deploying tool is given it as `model_id`. */
            id: string;
            /** @description Item that deploys it. */
            tool: string;
            family: string;
            /** @description Length of its context, in tokens. */
            context_tokens: number | null;
            /** @description Whether its publisher hands out the weights to registered users only. */
            needs_token: boolean;
            url: string | null;
        };
        /** @description A network as the repository keeps it: structure without weights. */
        "NetworkDescription-Input": {
            /** @constant */
            format?: 1;
            name: string;
            title?: string;
            summary?: string;
            /** @description Roles that it can take in strategies: ``generator``, ``critic``, …; empty: on its own. */
            roles?: string[];
            /** @description Task that it can learn; None for both. */
            task?: ("classification" | "regression") | null;
            /** @description Shape of one sample; None when it takes the shape of its dataset. */
            input_shape?: number[] | null;
            /** @description Number of outputs; None when it takes that of its dataset. */
            outputs?: number | null;
            layers?: components["schemas"]["Layer-Input"][];
            /** @description Name in the entry-point group ``jupyter_platform.networks`` instead of layers. */
            entry_point?: string | null;
            /** @description Python source that makes it, instead of layers. */
            source?: components["schemas"]["NetworkSource-Input"] | null;
            /** @description Options that suit this network better than the general defaults. */
            defaults?: {
                [key: string]: Json;
            };
        };
        /** @description A network as the repository keeps it: structure without weights. */
        "NetworkDescription-Output": {
            /** @constant */
            format: 1;
            name: string;
            title: string;
            summary: string;
            /** @description Roles that it can take in strategies: ``generator``, ``critic``, …; empty: on its own. */
            roles: string[];
            /** @description Task that it can learn; None for both. */
            task: ("classification" | "regression") | null;
            /** @description Shape of one sample; None when it takes the shape of its dataset. */
            input_shape: number[] | null;
            /** @description Number of outputs; None when it takes that of its dataset. */
            outputs: number | null;
            layers: components["schemas"]["Layer-Output"][];
            /** @description Name in the entry-point group ``jupyter_platform.networks`` instead of layers. */
            entry_point: string | null;
            /** @description Python source that makes it, instead of layers. */
            source: components["schemas"]["NetworkSource-Output"] | null;
            /** @description Options that suit this network better than the general defaults. */
            defaults: {
                [key: string]: Json;
            };
        };
        /** @description Facts read from the built network. */
        NetworkFacts: {
            layers: components["schemas"]["LayerRecord"][];
            parameters: number;
            input_shape: number[] | null;
            output_shape: number[] | null;
        };
        /** @description The outcome of an uploaded file. */
        NetworkImport: {
            /** @description ``archive``, ``dianne``, ``onnx``, ``safetensors`` or ``description``. */
            kind: string;
            network: components["schemas"]["NetworkRecord"];
            /** @description Tags of the weights that came with it. */
            tags: string[];
            warnings: string[];
        };
        /** @description A network of the repository. */
        NetworkRecord: {
            description: components["schemas"]["NetworkDescription-Output"];
            /** @description ``bundled``, ``added`` or ``entry point``. */
            origin: string;
            /** @description None until the inspector has answered. */
            facts: components["schemas"]["NetworkFacts"] | null;
            tags: components["schemas"]["TagRecord"][];
        };
        /**
         * @description Python source that makes a network; only torch processes run it.
         *
         *     It is part of the description, so a job, its weights and an archive hold the very source that
         *     they were made with, even when the file that it was read from changes.
         */
        "NetworkSource-Input": {
            /** @description Text by path: the module itself, and those of the same folder that it imports. */
            files: {
                [key: string]: string;
            };
            /** @description The path of the module. */
            main: string;
            /** @description Its class, or a function that gives a network; None: the only class of its own. */
            attribute?: string | null;
            /** @description Keyword arguments; they may hold `SYMBOLS`. */
            arguments?: {
                [key: string]: Json;
            };
        };
        /**
         * @description Python source that makes a network; only torch processes run it.
         *
         *     It is part of the description, so a job, its weights and an archive hold the very source that
         *     they were made with, even when the file that it was read from changes.
         */
        "NetworkSource-Output": {
            /** @description Text by path: the module itself, and those of the same folder that it imports. */
            files: {
                [key: string]: string;
            };
            /** @description The path of the module. */
            main: string;
            /** @description Its class, or a function that gives a network; None: the only class of its own. */
            attribute: string | null;
            /** @description Keyword arguments; they may hold `SYMBOLS`. */
            arguments: {
                [key: string]: Json;
            };
        };
        /** @description Something happened that people should know. */
        NotificationMessage: {
            event: string;
            /** @constant */
            type: "notification";
            notification: components["schemas"]["NotificationRecord"];
        };
        /** @description One thing that happened, for people. */
        NotificationRecord: {
            id: number;
            /** Format: date-time */
            time: string;
            /** @enum {string} */
            level: "info" | "success" | "warning" | "danger";
            message: string;
            job: string | null;
            host: string | null;
            /** @description Who is told, beside administrators; None: everybody. */
            owner: string | null;
        };
        /** @description One option: JSON Schema's own keywords, and ours. */
        OptionProperty: {
            title: string;
            description: string;
            /** @enum {string} */
            type: "string" | "integer" | "number" | "boolean";
            /** @description ``index-set``: text such as ``0,1437``. */
            format?: string;
            enum?: Json[];
            default: Json;
            /** @description What the default means, where its value does not tell. */
            default_text?: string;
            unit?: string;
            /** @description Heading under which it belongs. */
            group: string;
            /** @description Whether it is one of the few that people change most. */
            common: boolean;
            minimum?: number;
            maximum?: number;
            exclusiveMinimum?: number;
            exclusiveMaximum?: number;
            pattern?: string;
            examples?: Json[];
            /** @description Values of other options without which this one means nothing. */
            when?: {
                [key: string]: Json[];
            };
            /** @description Options that this one depends on: one of them must be set. */
            needs?: string[];
            /** @description DIANNE's names of it. */
            dianne?: string[];
        };
        /** @description The options of a type of job, in the order in which they are shown. */
        OptionSchema: {
            title: string;
            description: string;
            /** @constant */
            type: "object";
            properties: {
                [key: string]: components["schemas"]["OptionProperty"];
            };
            additionalProperties: boolean;
            /** @description What may stand among the options and is of the submission: DIANNE has it there. */
            submission_keys: string[];
        };
        /** @description The options parsed from a text of ``key=value`` words. */
        OptionText: {
            /** @description In the order in which they were given. */
            options: {
                [key: string]: string;
            };
            /** @description Words that are no option, and keys that stand twice. */
            errors: components["schemas"]["FieldError"][];
        };
        /** @description A file of the job that holds what the network gave for each sample. */
        OutputFile: {
            file: string;
        } & {
            [key: string]: unknown;
        };
        /** @description Which samples one part of a dataset has. */
        PartFacts: {
            start: number;
            /** @description Half-open range of sample numbers that they lie in. */
            stop: number;
            /** @description How many they are; fewer than the range has where others lie between them. */
            size: number;
            /** @description Seed with which they were drawn, or drawn from; None where files or ranges tell them. */
            seed: number | null;
        };
        /** @description A folder of pictures as it would be read, without a descriptor. */
        PictureFolder: {
            /** @enum {string} */
            kind: "images" | "masks";
            /** @description Pictures of each part; all are of ``train`` where nothing tells parts apart. */
            parts: {
                [key: string]: number;
            };
            /** @description Pictures of each class, by its name; none of masks. */
            classes: {
                [key: string]: number;
            };
            /** @description Channels, height and width to bring all pictures to, where their sizes differ. */
            shape: number[] | null;
            /** @description ``640×480``, or ``64×64 to 640×480``: least and most of widths and of heights. */
            sizes: string;
            /** @description Pictures that cannot be read. */
            broken: number;
            /** @description Which ones cannot be read, and why, as the end of a sentence. */
            problem: string | null;
            /** @description Further warnings, as sentences. */
            warnings: string[];
        };
        /**
         * @description How an image file becomes pixels from 0 to 255, and these become inputs.
         *
         *     Version 1: the first frame is turned as its EXIF orientation says, 16 bits a channel are
         *     brought down to their upper 8, transparency is laid over `background` unless four channels are
         *     asked for, colours become the channels of `shape` (grey ones are repeated, coloured ones
         *     weighted by ITU-R 601), and another size is cut to the aspect ratio around its middle, then
         *     resized.
         */
        PicturePreparation: {
            /** @description Channels (1, 3 or 4), height, width. */
            shape: [
                number,
                number,
                number
            ];
            /** @description Input that one step of a pixel is: 1/255 for inputs from 0 to 1. */
            scale: number;
            /**
             * @description Handling of pictures of another size: cut around the middle, then resized.
             * @constant
             */
            size: "cropped";
            /** @constant */
            interpolation: "bilinear";
            /**
             * @description Background colour of transparent pictures.
             * @constant
             */
            background: "white";
        };
        /** @description A pool as the API shows it. */
        PoolRecord: {
            name: string;
            environment: string;
            capacity: number;
            /** @description Rows that count now. */
            rows: number;
            /** @description Whole episodes among them. */
            episodes: number;
            episodes_ever: number;
            /** @description Size on disk, in bytes. */
            bytes: number;
            /** Format: date-time */
            created_at: string;
            facts: components["schemas"]["EnvironmentFacts"] | null;
        };
        /** @description A network's outputs for some samples; lists have one entry a sample. */
        Prediction: {
            network: string;
            /** @description ``<tag>/<variant>`` of the weights. */
            tag: string;
            /** @description Of one sample. */
            input_shape: number[];
            /** @description What the network gave, as nested lists. */
            outputs: Json[];
            /** @description Names of the classes; None where it gives numbers. */
            classes: string[] | null;
            /** @description Probability of each class. */
            probabilities: number[][] | null;
            /** @description Name of the likeliest class. */
            predicted: string[] | null;
            /** @description Of samples of a dataset: name of the class, or the numbers. */
            truth: Json[] | null;
            /** @description Of samples of a dataset, where they are small: what the network got. */
            inputs: Json[] | null;
            /** @description Notes on the preparation of the samples, as sentences. */
            notes: string[];
            /** @description Milliseconds that the network took for all of them. */
            forward_ms: number;
        };
        /** @description A question to a trained network: samples, or numbers of samples of a dataset. */
        PredictionRequest: {
            /** @description ``<tag>[/<variant>]``; the newest tag and its best weights when absent. */
            tag?: string | null;
            /** @description One sample, or several along the first axis, as the network gets them. */
            inputs?: Json[] | components["schemas"]["EncodedArray"] | null;
            /** @description Image files in base64, one a sample; they are prepared as the weights learnt them. */
            images?: string[] | null;
            /** @description Of images: whether dark is made bright. */
            invert?: boolean;
            /** @description Where `samples` are taken from; the dataset that the weights were learnt on when absent. */
            dataset?: string | null;
            /** @description Numbers of samples in the dataset, which are prepared as the weights learnt them. */
            samples?: number[] | null;
        };
        /** @description How samples are prepared for the network that was learnt on them. */
        Preparation: {
            /** @constant */
            version: 1;
            /** @description The dataset that it was made from. */
            dataset: string;
            /** @description Of one sample, before adapters. */
            raw_shape: number[];
            /** @description Of one sample, as the network gets it. */
            input_shape: number[];
            /** @enum {string} */
            input_type: "float32" | "int64";
            /** @description Factor applied to stored inputs. */
            scale: number;
            /** @description How image files, and drawings, are read; None where samples are no pictures. */
            picture: components["schemas"]["PicturePreparation"] | null;
            /** @description Why samples are no pictures, as the end of a sentence. */
            no_picture: string | null;
            /** @description How a row of a table becomes raw samples; None where samples are no rows. */
            table: components["schemas"]["TablePreparation"] | null;
            /** @description Those of `ADAPTERS` that were asked for, applied last; random cuttings are taken from the middle. */
            adapters: {
                [key: string]: Json;
            };
            task: ("classification" | "regression") | null;
            /** @description Names of the classes, in the order of the outputs. */
            classes: string[] | null;
        };
        /** @description How samples are prepared for a network with some of its weights. */
        PreparationRecord: {
            network: string;
            /** @description ``<tag>/<variant>`` of the weights. */
            tag: string;
            /** @description None where neither the weights nor a dataset tell. */
            preparation: components["schemas"]["Preparation"] | null;
            /** @description A note on its source, where that is not the weights. */
            note: string | null;
        };
        /** @description How one column of a table becomes one feature or several, as fitted on the training rows. */
        PreparedColumn: {
            name: string;
            /** @enum {string} */
            kind: "number" | "date" | "classes" | "one-hot";
            date_format: string | null;
            /** @description The values of text in the training rows, sorted. Another one has the number after the last, or no one-hot column. */
            categories: string[];
            /** @description Replacement for a missing value; None: a missing value is refused. */
            fill: number | string | null;
            /** @description Whether a second feature is 1 where the value is missing. */
            marks_missing: boolean;
            mean: number;
            /** @description Mean subtracted from a number, and the divisor applied after. */
            deviation: number;
        };
        /** @description The one number that tells how a job went. */
        PrimaryMetric: {
            /** @description ``"accuracy"``, ``"validation accuracy"``, ``"R²"``, ``"loss"``. */
            name: string;
            value: number | null;
            /** @description By which samples it was judged: ``"test, 360 samples"``. */
            on: string | null;
        };
        /** @description Jobs moved on. */
        ProgressMessage: {
            event: string;
            /** @constant */
            type: "progress";
            /** @description By the id of the job. */
            progress: {
                [key: string]: components["schemas"]["JobProgress"];
            };
        };
        /** @description Where an item comes from, as a graph. */
        Provenance: {
            nodes: components["schemas"]["ProvenanceNode"][];
            edges: components["schemas"]["ProvenanceEdge"][];
        };
        /** @description A relation of PROV-O between two nodes. */
        ProvenanceEdge: {
            source: string;
            target: string;
            /** @description Such as ``wasDerivedFrom``, ``wasGeneratedBy``, ``used``, ``wasAttributedTo``. */
            relation: string;
        };
        /** @description A thing, an activity or an agent in the history of an item. */
        ProvenanceNode: {
            id: string;
            /** @enum {string} */
            kind: "entity" | "activity" | "agent";
            label: string;
            detail: string;
        };
        /** @description A request to publish a network with weights as an item. */
        Publication: {
            /** @description Name of the item. */
            name: string;
            title: string;
            summary?: string;
            /** @description Markdown. */
            description?: string;
            /** @description LEARN job that has ended well; its id, the beginning of that, or its name. */
            job: string;
            /** @description Item that it was retrained from. */
            parent?: string | null;
            license?: string | null;
            tags?: string[];
            /** @description EVALUATE jobs that judged it and, with a parent, that parent on the same samples. */
            evaluations?: string[];
            replace?: boolean;
        };
        /** @description Jobs or deployments wait for something else than before. */
        ReasonsMessage: {
            event: string;
            /** @constant */
            type: "reasons";
            /** @description A sentence by the id of the job or deployment. */
            reasons: {
                [key: string]: string | null;
            };
        };
        /** @description How an item is run. */
        RecipeSummary: {
            /** @enum {string} */
            runtime: "process" | "container";
            services: ("api" | "ide" | "monitor" | "ui" | "custom")[];
            /**
             * @description The service that a deployment is opened at.
             * @enum {string}
             */
            main: "api" | "ide" | "monitor" | "ui" | "custom";
            /** @description Whether packages of its own are installed before its first start. */
            own_environment: boolean;
            /** @description What is fetched before its first start. */
            download_bytes: number;
            trainable: boolean;
        };
        /** @description The new name of a network or a tag. */
        RenameRequest: {
            name: string;
        };
        /** @description One episode of an agent. */
        ReplayRecord: {
            /** @enum {string} */
            kind: "best" | "latest";
            /** @description Which of the agent's episodes, counted from 1. */
            episode: number;
            /** @description Its return. */
            reward: number;
            actions: number;
            seed: number;
            /** @description Updates that the weights had, where they come from a learner. */
            epoch: number | null;
            /** @description Which agent of the job. */
            rank: number;
            /** @description After how many actions each frame was taken. */
            steps: number[];
            /** @description Pictures; 0 where the environment cannot be drawn. */
            frames: number;
            /** @description Why there are none. */
            problem: string | null;
            /** @description JPEGs in base64, one for each of `steps`; only in the record of a single episode. */
            images: string[];
            /** @description The first numbers of what was seen at `steps`, where there are no pictures. */
            observations: number[][];
        };
        /** @description Resources of one process of a workload on its host. */
        ResourceRequest: {
            /** @description CPUs, and torch threads. */
            cpus: number;
            /** @description Bytes of memory. */
            memory: number;
            /** @description Whole GPUs on one host. */
            gpus: number;
        };
        /** @description One sample, for people to look at. */
        SampleView: {
            index: number;
            /** @description Name of its class. */
            label: string | null;
            /** @description Its numbers to learn, the first few. */
            target: number[] | null;
            /** @description ``data:image/png;base64,…``. */
            image: string | null;
            /** @description The target as an image, likewise. */
            mask: string | null;
            /** @description Its inputs, the first few. */
            values: number[] | null;
            /** @description For symbols that follow each other: a piece of them from here on. */
            text: string | null;
        };
        /** @description A search that a person keeps. */
        SavedSearch: {
            name: string;
            query: components["schemas"]["ItemQuery"];
            /** Format: date-time */
            created: string;
        };
        /** @description One number that tells how well a job did. */
        Score: {
            /** @description Key under which the result has it; ``top_k.<k>`` and ``best.<key>`` lie one deeper. */
            name: string;
            /** @description As people read it. */
            label: string;
            /** @description None where it is not finite. */
            value: number | null;
        };
        /**
         * @description How a sweep chooses the values of its jobs.
         * @enum {string}
         */
        SearchMethod: "grid" | "random" | "hyperband";
        /** @description One series of a curve, thinned to buckets; extremes are exact. */
        SeriesPoints: {
            /** @description First step of each bucket. */
            step: number[];
            /** @description Unix time of the last point of each bucket, s. */
            time: number[];
            mean: (number | null)[];
            min: (number | null)[];
            /** @description None where a bucket holds no finite value. */
            max: (number | null)[];
            /** @description Points in the series before thinning. */
            points: number;
            /** @description Points that are NaN or infinite. */
            nonfinite: number;
            /** @description Points of all attempts that are lost, as files were cut or written over. */
            damaged: number;
            /** @description Process of a gang that recorded it. */
            rank: number;
        };
        /** @description How a gateway reaches a service of a deployment. */
        ServiceWay: {
            /** @description Full id of the deployment. */
            deployment: string;
            /** @enum {string} */
            service: "api" | "ide" | "monitor" | "ui" | "custom";
            /** @description Another one after each restart. */
            attempt: number;
            /** @description Of its addresses, as it knows them: begins and ends with a slash. */
            prefix: string;
            /** @description Whether its pages may act for who looks at them. */
            is_trusted: boolean;
            /** @description Its socket on the coordinator's machine. */
            socket: string | null;
            /** @description Its port of the loopback interface there; None, as is `socket`, where it is elsewhere. */
            port: number | null;
            /** @description What it demands in `recipes.SECRET_HEADER`. */
            secret: string;
        };
        /** @description How to end the platform. */
        ShutdownRequest: {
            /** @description Also while jobs run; they go on. */
            force?: boolean;
        };
        /** @description Room for default requests, over all hosts that are up. */
        SlotSummary: {
            total: number;
            busy: number;
        };
        /** @description The full state, for a new subscriber. */
        SnapshotMessage: {
            event: string;
            /** @constant */
            type: "snapshot";
            status: components["schemas"]["StatusRecord"];
            /** @description Jobs that hold resources, the first in the queue, and the most recently ended. */
            jobs: components["schemas"]["JobRecord"][];
            /** @description How many jobs wait. */
            waiting: number;
            hosts: components["schemas"]["HostRecord"][];
            notifications: components["schemas"]["NotificationRecord"][];
        };
        /** @description Where items come from, and how the last look at it went. */
        SourceRecord: {
            name: string;
            kind: string;
            location: string;
            items: number;
            /** @description Items whose metadata could not be read. */
            invalid: number;
            /** @description Last time that it was read without fault. */
            refreshed: string | null;
            refreshing: boolean;
            /** @description Why the last look failed; the items of the one before are kept. */
            error: string | null;
            problems: string[];
        };
        /** @description The state of the whole platform changed. */
        StatusMessage: {
            event: string;
            /** @constant */
            type: "status";
            status: components["schemas"]["StatusRecord"];
        };
        /** @description The state of the whole platform at a glance. */
        StatusRecord: {
            version: string;
            protocol: number;
            /** Format: date-time */
            started_at: string;
            uptime_s: number;
            owner: string;
            data_dir: string;
            queued: number;
            running: number;
            finished: number;
            hosts: number;
            hosts_lost: number;
            slots: components["schemas"]["SlotSummary"];
            gpus: components["schemas"]["SlotSummary"];
            /** @description Each type of job (``LEARN``, ``EVALUATE``, ``ACT``) to what is done of it. */
            types: {
                [key: string]: components["schemas"]["TypeSummary"];
            };
            /** @description Hosts that are up and on which no job runs. */
            hosts_idle: number;
            disk_free: number;
            /** @description Such as an overcommitted host. */
            warnings: string[];
            /** @description Name (``coordinator``, ``scheduler``, ``supervisor``, ``host:<name>``) to pid and memory. */
            processes: {
                [key: string]: {
                    [key: string]: Json;
                };
            };
        };
        /** @description One way to learn, as forms and checks see it. */
        StrategyRecord: {
            name: string;
            title: string;
            summary: string;
            /** @enum {string} */
            category: "FF" | "RNN" | "RL" | "CLASSIFICATION" | "CRITERION";
            /** @description Role of each of the job's networks, in the order in which they are given. */
            roles: string[];
            /** @description Roles whose weights come with the job, from `teacher_tag`, and stay as they are. */
            taught_by: string[];
            /** @description Where its samples come from; any one of them is enough. */
            learns_from: ("dataset" | "environment" | "pool")[];
            /** @description Class names of DIANNE that mean it. */
            dianne: string[];
            types: components["schemas"]["JobType"][];
            /** @description Options whose defaults are others than in general. */
            defaults: {
                [key: string]: Json;
            };
            /** @enum {string} */
            origin: "built-in" | "installed" | "uploaded";
            /** @description JSON schema of its `strategy_options`; None where it takes none, or nobody knows. */
            own_options: {
                [key: string]: Json;
            } | null;
            /** @description Why it cannot be used. */
            problem: string | null;
        };
        /** @description Numbers between two limits, limits included. */
        "SweepRange-Input": {
            low: number;
            high: number;
            /** @description Whether the logarithm is drawn evenly: for learning rates and the like. */
            log?: boolean;
        };
        /** @description Numbers between two limits, limits included. */
        "SweepRange-Output": {
            low: number;
            high: number;
            /** @description Whether the logarithm is drawn evenly: for learning rates and the like. */
            log: boolean;
        };
        /** @description A sweep as the API shows it. */
        SweepRecord: {
            id: string;
            name: string;
            owner: string;
            method: components["schemas"]["SearchMethod"];
            dimensions: {
                [key: string]: Json[] | components["schemas"]["SweepRange-Output"];
            };
            seed: number;
            /** Format: date-time */
            submitted_at: string;
            /** @description State to the number of jobs that are in it. */
            states: {
                [key: string]: number;
            };
            /** @description The job with the best score; None before one has a score. */
            best: string | null;
            /** @description Name of that score. */
            metric: string | null;
            score: number | null;
        };
        /** @description A request for a sweep. */
        SweepSubmission: {
            /** @description The submission that all jobs share. */
            submission: components["schemas"]["JobSubmission"];
            /** @description Option to the values that it takes, or to the range that they are drawn from. */
            dimensions: {
                [key: string]: Json[] | components["schemas"]["SweepRange-Input"];
            };
            /** @description Shown to people; defaults to ``<network>-<dataset>``. */
            name?: string | null;
            method?: components["schemas"]["SearchMethod"];
            /** @description Jobs of a random search; a grid has as many as it has combinations. */
            trials?: number | null;
            /** @description Seed of the values that are drawn. */
            seed?: number;
        };
        /** @description How a table would be read. */
        TableLook: {
            encoding: string | null;
            separator: string | null;
            decimal: string;
            thousands: string;
            header: boolean;
            rows: number;
            columns: components["schemas"]["ColumnLook"][];
            /** @description The first rows as they are written, one text a column. */
            first: string[][];
        };
        /** @description How a row of a table becomes the numbers that a network gets. */
        TablePreparation: {
            columns: components["schemas"]["PreparedColumn"][];
            /** @enum {string} */
            decimal: "." | ",";
            thousands: string;
        };
        /** @description The known origin of weights. */
        TagOrigin: {
            /** @description Version of torch. */
            torch: string | null;
            seed: number | null;
            /** @description Options of the job, as they were resolved. */
            options: {
                [key: string]: Json;
            };
            /** @description The file that they were imported from. */
            source: string | null;
            /** @description How the samples that they learnt were prepared; the weights file tells the same. */
            preparation: components["schemas"]["Preparation"] | null;
        };
        /** @description A named set of weights of a network. */
        TagRecord: {
            network: string;
            tag: string;
            /** @description The job that last stored weights under it. */
            job: string | null;
            dataset: string | null;
            /** @description Digest of the description the weights belong to. */
            network_digest: string;
            input_shape: number[] | null;
            outputs: number | null;
            origin: components["schemas"]["TagOrigin"];
            variants: components["schemas"]["TagVariant"][];
            /** Format: date-time */
            updated_at: string;
        };
        /** @description One set of weights under a tag. */
        TagVariant: {
            /** @description ``last``, ``best`` or an iteration. */
            variant: string;
            /** @description SHA-256 of the safetensors file, in hex. */
            digest: string;
            bytes: number;
            step: number;
            /** @description Scores at the time of storing: ``validation_loss``, ``validation_accuracy``, … */
            scores: {
                [key: string]: number | null;
            };
            /** @description The job that made it. */
            job: string | null;
        };
        /** @description Options as written by a user. */
        TextRequest: {
            text: string;
        };
        /** @description Which item to try. */
        TrialRequest: {
            item: string;
        };
        /** @description What is done of one type of job. */
        TypeSummary: {
            /** @description Jobs that hold a place. */
            running: number;
            waiting: number;
            /** @description Hosts on which such jobs run; a host may be counted for several types. */
            hosts_busy: number;
        };
        /** @description What the coordinator speaks. */
        VersionRecord: {
            version: string;
            protocol: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
