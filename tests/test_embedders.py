"""The embedders, on tiny networks of the real architectures that are saved to disk here, and on the packaged MiniLM."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from search import embedder_kinds, model_files
from search.bench_embed import bench_embed
from search.embedders import EmbedderUnavailable, load_embedder
from search.encoders import BertEncoder, HubEncoder, read_config
from search.memory import BatchedEmbedder
from search.transformer import LibraryEmbedder, cpu_has_bf16, languages_of

WORDS = [
    "query",
    "passage",
    ":",
    "a",
    "boy",
    "finds",
    "the",
    "notebook",
    "of",
    "death",
    "Instruct",
    "Given",
    "question",
    ",",
    "retrieve",
    "passages",
    "that",
    "answer",
    "Query",
]
KOREAN = ["소년은", "이름을", "쓰면", "그", "사람이", "죽는", "공책을", "줍고", "세상을", "바꾸려", "한다"]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TEXTS = ["a boy finds the notebook", "the notebook of death", "death", "a boy : a boy finds that notebook of the death"]


@pytest.fixture(autouse=True)
def _offline(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


def save_tokenizer(folder: Path, special: list[str], template: str, words: list[str] = WORDS) -> None:
    tokenizer = Tokenizer(WordLevel({word: at for at, word in enumerate([*special, *words])}, unk_token=special[-1]))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single=template, special_tokens=[(token, at) for at, token in enumerate(special)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    about = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": special[-1], "pad_token": special[1]}
    (folder / "tokenizer_config.json").write_text(json.dumps(about))


def save_model(folder: Path, model: torch.nn.Module) -> None:
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():  # the usual small weights would make all texts alike
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    model.save_pretrained(folder)


@pytest.fixture(scope="module")
def e5(tmp_path_factory):
    from transformers import XLMRobertaConfig, XLMRobertaModel

    folder = tmp_path_factory.mktemp("tiny-e5")
    config = XLMRobertaConfig(
        vocab_size=40, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=30, type_vocab_size=1, pad_token_id=1,
    )  # fmt: skip
    save_model(folder, XLMRobertaModel(config))
    save_tokenizer(folder, ["<s>", "<pad>", "</s>", "<unk>"], "<s> $A </s>")
    return folder


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    from transformers import LlamaConfig, LlamaModel

    folder = tmp_path_factory.mktemp("tiny-llama")
    config = LlamaConfig(
        vocab_size=40, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=64, max_position_embeddings=64,
    )  # fmt: skip
    save_model(folder, LlamaModel(config))
    save_tokenizer(folder, ["<s>", "<eos>", "<unk>"], "<s> $A")
    return folder


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tiny-bert")
    config = BertConfig(
        vocab_size=40, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=20,
    )  # fmt: skip
    save_model(folder, BertModel(config))
    save_tokenizer(folder, ["[CLS]", "[PAD]", "[SEP]", "[UNK]"], "[CLS] $A [SEP]")
    modules = [("0", "", "Transformer"), ("1", "1_Pooling", "Pooling"), ("2", "2_Normalize", "Normalize")]
    (folder / "1_Pooling").mkdir()
    (folder / "2_Normalize").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(
        '{"word_embedding_dimension": 32, "pooling_mode_mean_tokens": true}'
    )
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 12, "do_lower_case": false}')
    (folder / "modules.json").write_text(
        json.dumps(
            [
                {"idx": int(name), "name": name, "path": path, "type": f"sentence_transformers.models.{kind}"}
                for name, path, kind in modules
            ]
        )
    )
    return folder


@pytest.fixture(scope="module")
def minilm():
    return load_embedder("minilm", device="cpu")


def pooled_by_hand(folder: Path, text: str) -> np.ndarray:
    from transformers import AutoModel

    ids = torch.tensor([Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids])
    with torch.inference_mode():
        vector = AutoModel.from_pretrained(folder)(input_ids=ids).last_hidden_state[0].mean(0)
    return (vector / vector.norm()).numpy()


def test_e5_puts_its_prefixes_before_queries_and_passages(e5):
    embedder = load_embedder(f"e5:{e5}", device="cpu")
    np.testing.assert_allclose(embedder.embed_query("a boy"), pooled_by_hand(e5, "query: a boy"), atol=1e-5)
    np.testing.assert_allclose(
        embedder.embed_documents(["a boy"], half=False)[0], pooled_by_hand(e5, "passage: a boy"), atol=1e-5
    )


def test_e5_reports_its_name_dims_languages_and_prefix(e5):
    embedder = load_embedder(f"e5:{e5}", device="cpu", warm=False)
    assert (embedder.name, embedder.dims, embedder.languages) == ("e5", 32, ("en", "ko"))
    assert embedder.document_prefix == "passage: "
    assert embedder.revision == model_files.folder_revision(e5)


def test_padding_does_not_change_a_vector(e5):
    embedder = load_embedder(f"e5:{e5}", device="cpu")
    together = embedder.embed_documents(TEXTS, half=False)
    alone = np.concatenate([embedder.embed_documents([text], half=False) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)


def test_a_text_longer_than_the_model_is_cut_at_the_model_s_length(e5):
    embedder = load_embedder(f"e5:{e5}", device="cpu")
    # 30 positions, of which XLM-RoBERTa leaves the first two unused.
    assert len(embedder.tokenizer.encode("death " * 100).ids) == 28
    assert np.isfinite(embedder.embed_query("death " * 100)).all()


@pytest.mark.parametrize("name", ["e5", "bert"])
def test_the_fast_network_computes_what_transformers_computes(name, request):
    folder = request.getfixturevalue(name)
    config = read_config(folder)
    ids = torch.tensor([[0, 5, 6, 7, 2], [0, 8, 2, 1, 1]])
    mask = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    with torch.inference_mode():
        fast = BertEncoder(folder, config, "cpu", torch.float32)(ids, mask)
        known = HubEncoder(folder, config, "cpu", torch.float32)(ids, mask)
    np.testing.assert_allclose(fast[mask], known[mask], atol=2e-5)


def test_kanana_lets_every_token_see_the_whole_text(llama):
    network = HubEncoder(llama, read_config(llama), "cpu", torch.float32)
    with torch.inference_mode():
        first, other = network(torch.tensor([[0, 5, 6]]), None), network(torch.tensor([[0, 5, 9]]), None)
    assert not torch.allclose(first[0, 0], other[0, 0])


def test_kanana_reads_its_instruction_but_leaves_it_out_of_the_mean(llama):
    embedder = load_embedder(f"kanana:{llama}", device="cpu")
    prompt = "Instruct: Given a question, retrieve passages that answer the question\nQuery:"
    ids = embedder.tokenizer.encode(f"{prompt} a boy").ids
    with torch.inference_mode():
        states = embedder.queries(torch.tensor([ids]), None).float()[0, -2:].mean(0)
    np.testing.assert_allclose(embedder.embed_query("a boy"), states / states.norm(), atol=1e-5)


def test_kanana_pools_documents_with_the_mask_and_takes_dims_from_the_model(llama):
    embedder = load_embedder(f"kanana:{llama}", device="cpu")
    vectors = embedder.embed_documents(TEXTS)
    alone = np.concatenate([embedder.embed_documents([text]) for text in TEXTS])
    assert vectors.shape == (4, 32)
    assert (vectors * alone).sum(1) == pytest.approx([1] * 4, abs=1e-3)


def test_a_kanana_checkpoint_loads_without_running_the_code_that_it_names(llama, tmp_path):
    shutil.copytree(llama, tmp_path / "kanana")
    weights = load_file(llama / "model.safetensors")
    renamed = {f"model.{name}": value for name, value in weights.items()}
    save_file(renamed, tmp_path / "kanana" / "model.safetensors", metadata={"format": "pt"})
    config = read_config(llama) | {"model_type": "kanana2vec", "auto_map": {"AutoModel": "missing.Kanana2VecModel"}}
    (tmp_path / "kanana" / "config.json").write_text(json.dumps(config))
    embedder = load_embedder(str(tmp_path / "kanana"), device="cpu")
    plain = load_embedder(f"kanana:{llama}", device="cpu")
    np.testing.assert_allclose(embedder.embed_query("a boy"), plain.embed_query("a boy"), atol=1e-5)
    assert (embedder.name, embedder.languages) == ("kanana", ("en", "ko"))


@pytest.mark.parametrize(
    ("trusted", "revision", "missing"),
    [(False, COMMIT, "NEXTEP_TRUST_REMOTE_CODE=1"), (True, None, "NEXTEP_EMBEDDER_REVISION"), (True, "main", "NEXTEP_EMBEDDER_REVISION")],
)  # fmt: skip
def test_kanana_is_refused_unless_its_code_is_allowed_and_its_revision_pinned(trusted, revision, missing):
    with pytest.raises(EmbedderUnavailable, match=missing):
        load_embedder("kanana", trust_remote_code=trusted, revision=revision)


def test_a_folder_that_brings_code_is_refused_unless_allowed(bert, tmp_path):
    shutil.copytree(bert, tmp_path / "custom")
    config = read_config(bert) | {"auto_map": {"AutoModel": "modeling.Custom"}}
    (tmp_path / "custom" / "config.json").write_text(json.dumps(config))
    with pytest.raises(EmbedderUnavailable, match="NEXTEP_TRUST_REMOTE_CODE=1"):
        load_embedder(str(tmp_path / "custom"))


def test_a_folder_of_sentence_transformers_gives_the_library_s_vectors(bert):
    from sentence_transformers import SentenceTransformer

    embedder = load_embedder(str(bert), device="cpu")
    assert not isinstance(embedder, LibraryEmbedder)
    known = SentenceTransformer(str(bert), device="cpu").encode(TEXTS, show_progress_bar=False)
    np.testing.assert_allclose(embedder.embed_documents(TEXTS, half=False), known, atol=1e-5)
    assert embedder.languages == ("en",)


def test_a_model_with_a_dense_layer_runs_in_its_library(bert, tmp_path):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Dense, Pooling, Transformer

    modules = [Transformer(str(bert), max_seq_length=12), Pooling(32), Dense(32, 8)]
    SentenceTransformer(modules=modules, device="cpu").save(str(tmp_path / "dense"))
    embedder = load_embedder(str(tmp_path / "dense"), device="cpu")
    assert isinstance(embedder, LibraryEmbedder)
    vectors = embedder.embed_documents(TEXTS)
    assert (embedder.dims, vectors.shape) == (8, (4, 8))
    np.testing.assert_allclose(vectors[1], embedder.embed_query(TEXTS[1]), atol=1e-5)


def test_prompts_of_a_folder_become_prefixes(bert, tmp_path):
    shutil.copytree(bert, tmp_path / "prompted")
    (tmp_path / "prompted" / "config_sentence_transformers.json").write_text(
        '{"prompts": {"query": "query: ", "document": "passage: "}}'
    )
    embedder = load_embedder(str(tmp_path / "prompted"), device="cpu")
    assert embedder.document_prefix == "passage: "
    np.testing.assert_allclose(embedder.embed_query("a boy"), pooled_by_hand(bert, "query: a boy"), atol=1e-5)


def test_a_tokenizer_tells_whether_it_knows_korean(tmp_path, minilm):
    save_tokenizer(tmp_path, ["<s>", "<pad>", "<unk>"], "$A", [*WORDS, *KOREAN])
    assert languages_of(Tokenizer.from_file(str(tmp_path / "tokenizer.json"))) == ("en", "ko")
    assert languages_of(minilm.tokenizer) == ("en",)


def test_minilm_is_pinned_and_speaks_english(minilm):
    assert (minilm.name, minilm.dims, minilm.languages) == ("minilm", 384, ("en",))
    assert minilm.revision == "53aa51172d14"


def test_a_query_and_a_document_of_minilm_agree(minilm):
    text = "A boy finds a notebook that kills anyone whose name is written in it."
    query = minilm.embed_query(text)
    np.testing.assert_allclose(query, minilm.embed_documents([text, "short"], half=False)[0], atol=1e-5)
    assert query @ minilm.embed_documents([text, "short"])[0] > 0.999


def test_minilm_knows_what_is_alike(minilm):
    plots = ["A detective hunts a killer who uses a supernatural notebook.", "Girls form a light music band at school."]
    scores = minilm.embed_documents(plots) @ minilm.embed_query("high school girls play in a band")
    assert scores[1] > scores[0] + 0.2


@pytest.mark.parametrize("text", ["", "   ", "\udc80 broken", "NUL \0 inside", "🎴" * 300, "가" * 5000])
def test_any_text_has_a_unit_vector(minilm, text):
    assert np.linalg.norm(minilm.embed_query(text)) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(minilm.embed_documents([text])) == pytest.approx(1, abs=1e-5)


def test_no_texts_have_no_vectors(minilm):
    assert minilm.embed_documents([]).shape == (0, 384)


def test_queries_may_come_from_several_threads(minilm):
    texts = [f"story number {number} of a hero" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = np.stack(list(pool.map(minilm.embed_query, texts)))
    np.testing.assert_array_equal(found, np.stack([minilm.embed_query(text) for text in texts]))


def test_serving_minilm_imports_neither_transformers_nor_scikit_learn():
    code = (
        "import sys; from search.embedders import load_embedder; load_embedder('minilm', threads=1, device='cpu');"
        "print([name for name in ('transformers', 'sklearn', 'sentence_transformers') if name in sys.modules])"
    )
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_weights_of_minilm_that_were_changed_are_refused(tmp_path, monkeypatch):
    (tmp_path / "model.safetensors").write_bytes(b"not these")
    monkeypatch.setattr(model_files, "minilm_folder", lambda: tmp_path)
    with pytest.raises(EmbedderUnavailable, match=r"sha256 of model\.safetensors is .* not used"):
        load_embedder("minilm")


def test_minilm_without_its_package_says_how_to_mend_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EmbedderUnavailable, match="make install"):
        load_embedder("minilm")


def test_a_hub_model_that_is_not_here_is_refused_at_once_when_offline():
    with pytest.raises(EmbedderUnavailable, match=r"intfloat/multilingual-e5-base is not on this machine.*minilm, lsa"):
        load_embedder("e5")


def test_a_pinned_and_allowed_kanana_is_looked_for_at_that_revision():
    with pytest.raises(EmbedderUnavailable, match=r"kanana-nano-2\.1b-embedding is not on this machine"):
        load_embedder("kanana", trust_remote_code=True, revision=COMMIT)


def test_a_hub_that_is_not_reached_is_named(monkeypatch):
    def fail(*args, **kwargs):
        raise ConnectionError("no route to host")

    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", fail)
    with pytest.raises(EmbedderUnavailable, match=r"hub is not reached \(no route to host\)"):
        load_embedder("some/model")


def test_a_hub_model_on_this_machine_is_found_without_a_network(e5, tmp_path):
    repo = tmp_path / "hub" / "models--intfloat--multilingual-e5-base"
    shutil.copytree(e5, repo / "snapshots" / COMMIT)
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text(COMMIT)
    embedder = load_embedder("e5", device="cpu", warm=False)
    assert (embedder.name, embedder.revision) == ("e5", COMMIT[:12])


def test_a_folder_that_is_missing_or_empty_is_named(tmp_path):
    with pytest.raises(EmbedderUnavailable, match="no such folder"):
        load_embedder(str(tmp_path / "nowhere"))
    with pytest.raises(EmbedderUnavailable, match="holds no model"):
        load_embedder(str(tmp_path))


def test_damaged_weights_are_unavailable_rather_than_a_traceback(bert, tmp_path):
    shutil.copytree(bert, tmp_path / "damaged")
    (tmp_path / "damaged" / "model.safetensors").write_bytes(b"\0" * 64)
    with pytest.raises(EmbedderUnavailable, match="do not load"):
        load_embedder(str(tmp_path / "damaged"), device="cpu")


def test_a_folder_s_revision_changes_with_its_weights_and_not_with_its_place(bert, tmp_path):
    shutil.copytree(bert, tmp_path / "copy")
    assert model_files.folder_revision(tmp_path / "copy") == model_files.folder_revision(bert)
    weights = load_file(bert / "model.safetensors")
    weights["embeddings.LayerNorm.bias"][0] += 1
    save_file(weights, tmp_path / "copy" / "model.safetensors", metadata={"format": "pt"})
    assert model_files.folder_revision(tmp_path / "copy") != model_files.folder_revision(bert)


def test_lsa_is_not_loaded_by_name():
    with pytest.raises(EmbedderUnavailable, match="fitted when a catalogue is indexed"):
        load_embedder("lsa")


class Small(BatchedEmbedder):
    """Embeds a number as itself; memory is enough for `room` texts at once."""

    name, revision, dims, languages, document_prefix = "small", "1", 1, ("en",), ""

    def __init__(self, room: int, error: BaseException) -> None:
        self.budget, self.room, self.error, self.sizes = 64, room, error, []

    def _prepare(self, texts):
        return list(texts), [1] * len(texts)

    def _vectors(self, batch):
        self.sizes.append(len(batch))
        if len(batch) > self.room:
            raise self.error
        return np.array([[float(text)] for text in batch], np.float32)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: not enough memory"),
    ],
)
def test_a_batch_that_memory_is_too_small_for_is_halved_and_the_rest_goes_on(error):
    embedder, seen = Small(20, error), []
    vectors = embedder.embed_documents(
        [str(number) for number in range(50)], lambda done, total: seen.append((done, total))
    )
    assert vectors[:, 0].tolist() == list(range(50))
    assert embedder.sizes == [50, 25, 12, 12, 12, 12, 2]
    assert seen == [(12, 50), (24, 50), (36, 50), (48, 50), (50, 50)]


def test_a_single_text_that_does_not_fit_is_an_error():
    with pytest.raises(MemoryError, match="one text"):
        Small(0, RuntimeError("out of memory")).embed_documents(["1", "2"])


def test_another_error_is_not_taken_for_a_lack_of_memory():
    with pytest.raises(RuntimeError, match="shapes"):
        Small(0, RuntimeError("shapes do not match")).embed_documents(["1"])


def test_long_texts_go_first_and_vectors_keep_their_order(minilm):
    texts = ["one", "a much longer text about two heroes and a dragon", "three words here"] * 5
    seen: list[list[int]] = []
    whole = minilm._vectors
    minilm.budget, before = 40, minilm.budget
    minilm._vectors = lambda batch, **options: (seen.append([len(ids) for ids in batch]), whole(batch, **options))[1]
    vectors = minilm.embed_documents(texts, half=False)
    del minilm._vectors
    minilm.budget = before
    assert [length for batch in seen for length in batch] == sorted((len(minilm.tokenizer.encode(text).ids) for text in texts), reverse=True)  # fmt: skip
    assert all(max(batch) * len(batch) <= 40 for batch in seen)
    np.testing.assert_allclose(vectors[3:6], vectors[:3], atol=1e-5)
    np.testing.assert_allclose(vectors[1], minilm.embed_query(texts[1]), atol=1e-5)


@pytest.mark.skipif(not cpu_has_bf16(), reason="this processor does not multiply in bfloat16")
def test_documents_in_bf16_are_those_in_fp32_but_for_rounding(minilm):
    texts = [f"In year {year}, a pilot of a giant robot fights for peace among the stars." for year in range(20)]
    half, full = minilm.embed_documents(texts), minilm.embed_documents(texts, half=False)
    assert not np.array_equal(half, full)
    assert (half * full).sum(1).min() > 0.999


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("kind", ["e5", "llama"])
def test_half_precision_on_a_gpu_agrees_with_full_precision_on_the_cpu(kind, request):
    folder = request.getfixturevalue(kind)
    name = f"{'kanana' if kind == 'llama' else 'e5'}:{folder}"
    there, here = load_embedder(name, device="cuda"), load_embedder(name, device="cpu")
    assert there.documents is not None
    assert (there.embed_documents(TEXTS) * here.embed_documents(TEXTS)).sum(1).min() > 0.99


def test_the_bench_prints_both_precisions_and_their_cosine(minilm, capsys):
    figures = bench_embed(minilm, ["a hero", "a villain with a plan"] * 4)
    printed = capsys.readouterr().out
    assert "minilm float32:" in printed
    assert figures["texts"] == 8
    if cpu_has_bf16():
        assert "minilm bfloat16:" in printed
        assert figures["cosine"] > 0.999


def test_every_kind_has_its_architecture_s_settings():
    assert embedder_kinds.KINDS["e5"].query_prefix == "query: "
    assert embedder_kinds.KINDS["e5"].max_tokens == embedder_kinds.KINDS["kanana"].max_tokens == 512
    assert embedder_kinds.KINDS["kanana"].own_code
