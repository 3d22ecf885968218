"""What the demo project holds: a table of places, files and relations, and nothing that does anything.

Every file is real and comes out of a wheel on the package registry. Licences are as the package or, where it says so,
the data set itself states them; they stand in the descriptions.
"""

from dataclasses import dataclass
from typing import Final

from app.demo.archives import Archive

PROJECT: Final = "demo"
READER: Final = "demo-reader"

PENGUINS: Final = Archive(
    "palmerpenguins",
    "0.1.6",
    "palmerpenguins-0.1.6-py3-none-any.whl",
    18_878,
    "5c3be9af84dd703a25f1aaeadeac6ac770cfd38c1620d00089f581c023129ee0",
)
VEGA: Final = Archive(
    "vega_datasets",
    "0.9.0",
    "vega_datasets-0.9.0-py3-none-any.whl",
    210_822,
    "3d7c63917be6ca9b154b565f4779a31fedce57b01b5b9d99d8a34a7608062a1d",
)
PYRANGES: Final = Archive(
    "pyranges",
    "0.1.7",
    "pyranges-0.1.7-py3-none-any.whl",
    1_514_155,
    "0421a1ac596e5315cbc9e5ab8573f3408e5f65c89edb2b864bebe4afcde489e4",
)
BIOFRAME: Final = Archive(
    "bioframe",
    "0.8.0",
    "bioframe-0.8.0-py3-none-any.whl",
    153_335,
    "5db243f74cd2deafbf3b664e0cfd6e9d5e736e01143747aa52d99409c8315574",
)
SCREED: Final = Archive(
    "screed",
    "1.1.2",
    "screed-1.1.2-py2.py3-none-any.whl",
    95_962,
    "413e9cfce4b4908d0fa1fe69dcd2c523641a02a856eb196f9ce2183657f342dc",
)
NIBABEL: Final = Archive(
    "nibabel",
    "5.4.2",
    "nibabel-5.4.2-py3-none-any.whl",
    3_300_985,
    "553482c5f1e1034fc312edf6fb7f32236c0056439845d1c29293b7e8c98d4854",
)
SKYFIELD: Final = Archive(
    "skyfield_data",
    "7.0.0",
    "skyfield_data-7.0.0-py2.py3-none-any.whl",
    17_000_415,
    "4279f999f7f8c5ef5d8bf1b714f301a0844ae5df3a3f0d23610b20d8789073f5",
)
ARCHIVES: Final = (PENGUINS, VEGA, PYRANGES, BIOFRAME, SCREED, NIBABEL, SKYFIELD)


@dataclass(frozen=True, slots=True)
class Container:
    """A collection or dataset: its path below the project, and words about it.

    A path of one name is a collection, or a dataset of the project itself where `is_dataset` says so.
    `is_public`: anyone may read it; other containers are as private as the project.
    """

    path: str
    title: str
    description: str
    is_dataset: bool = False
    is_public: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """One file: the archive and member it comes from, and the key and title it gets.

    `head_lines`: the first revision holds only so many of its lines, the next one all.
    """

    key: str
    archive: Archive
    member: str
    content_type: str
    title: str
    head_lines: int | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """An edge between two resources of the project, by path; a path that ends in `/` is a container's.

    `name` is set for CUSTOM alone.
    """

    source: str
    kind: str
    target: str
    name: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """An edge from a resource of the project, by path, to an identifier outside."""

    source: str
    type: str
    value: str
    note: str


TITLE: Final = "Real data, small enough to look around"
DESCRIPTION: Final = (
    "Files from packages that carry scientific data, placed and related so that every feature has something to show. "
    "Made by `aruna demo load`; change what you like."
)

CONTAINERS: Final = (
    Container("ecology", "Ecology", "Measurements of animals and plants."),
    Container(
        "ecology/palmer-penguins",
        "Palmer Archipelago penguins",
        "Size measurements of 344 adult penguins of three species, 2007 to 2009. Licence: CC0-1.0.",
        is_dataset=True,
        is_public=True,
    ),
    Container(
        "ecology/iris",
        "Iris flowers",
        "Sepals and petals of 150 flowers of three species, 1936. Package licence: MIT.",
        is_dataset=True,
    ),
    Container("genomics", "Genomics", "Annotation, sequences and ChIP-seq."),
    Container(
        "genomics/human-annotation",
        "Annotation of the human genome",
        "The first genes of GENCODE 29 and Ensembl, and the bands of GRCh38. Package licences: MIT.",
        is_dataset=True,
    ),
    Container(
        "genomics/chip-seq",
        "ChIP-seq reads with their background",
        "10 000 aligned reads each, and an indexed alignment file, on hg19. Package licence: MIT.",
        is_dataset=True,
    ),
    Container(
        "genomics/sequences",
        "Sequences",
        "Transcripts of the mouse lemur (FASTA) and short reads (FASTQ). Package licence: BSD-3-Clause.",
        is_dataset=True,
    ),
    Container("neuroimaging", "Neuroimaging", "Images of the brain by magnetic resonance."),
    Container(
        "neuroimaging/subject-01",
        "One anatomical and one functional image",
        "Small NIfTI-1 volumes in the same space. Package licence: MIT.",
        is_dataset=True,
    ),
    Container("astronomy", "Astronomy", "Where the planets are and how the Earth turns."),
    Container(
        "weather",
        "Weather of Seattle and San Francisco",
        "Daily and hourly observations. Data: public domain (NOAA); package licence: MIT.",
        is_dataset=True,
    ),
)
"""Parents before children."""

FIRST_YEAR_LINES: Final = 1 + 366
"""Of Seattle's weather: the heading and the days of 2012."""

FILES: Final = (
    File(
        "ecology/palmer-penguins/penguins.csv",
        PENGUINS,
        "palmerpenguins/data/penguins.csv",
        "text/csv",
        "Penguins, cleaned",
    ),
    File(
        "ecology/palmer-penguins/penguins-raw.csv",
        PENGUINS,
        "palmerpenguins/data/penguins-raw.csv",
        "text/csv",
        "Penguins, as recorded",
    ),
    File("ecology/iris/iris.json", VEGA, "vega_datasets/_data/iris.json", "application/json", "Fisher's irises"),
    File(
        "genomics/human-annotation/gencode-29.gtf.gz",
        PYRANGES,
        "pyranges/example_data/gencode_human.gtf.gz",
        "application/gzip",
        "GENCODE 29, first genes of chromosome 1",
    ),
    File(
        "genomics/human-annotation/ensembl.gtf.gz",
        PYRANGES,
        "pyranges/example_data/ensembl_human.gtf.gz",
        "application/gzip",
        "Ensembl, first genes of chromosome 1",
    ),
    File(
        "genomics/human-annotation/hg38.cytoband.tsv",
        BIOFRAME,
        "bioframe/io/data/hg38.cytoband.tsv",
        "text/tab-separated-values",
        "Chromosome bands of GRCh38",
    ),
    File(
        "genomics/human-annotation/hg38.seqinfo.tsv",
        BIOFRAME,
        "bioframe/io/data/hg38.seqinfo.tsv",
        "text/tab-separated-values",
        "Sequences of GRCh38 and their lengths",
    ),
    File(
        "genomics/chip-seq/chipseq.bed",
        PYRANGES,
        "pyranges/example_data/chipseq.bed",
        "text/plain",
        "Reads of the ChIP",
    ),
    File(
        "genomics/chip-seq/background.bed",
        PYRANGES,
        "pyranges/example_data/chipseq_background.bed",
        "text/plain",
        "Reads of the background",
    ),
    # A key with more slashes than there are kinds of containers: the rest is the Object's name.
    File(
        "genomics/chip-seq/alignments/control.bam",
        PYRANGES,
        "pyranges/example_data/control.bam",
        "application/vnd.ga4gh.bam",
        "Aligned reads of the control",
    ),
    File(
        "genomics/chip-seq/alignments/control.bam.bai",
        PYRANGES,
        "pyranges/example_data/control.bam.bai",
        "application/octet-stream",
        "Index of the aligned reads",
    ),
    File(
        "genomics/sequences/mouse-lemur.fa",
        SCREED,
        "screed/tests/test-data/test.fa",
        "text/x-fasta",
        "22 transcripts of the mouse lemur",
    ),
    File(
        "genomics/sequences/reads.fastq",
        SCREED,
        "screed/tests/test-data/test.fastq",
        "text/x-fastq",
        "Short reads with their qualities",
    ),
    File(
        "neuroimaging/subject-01/anatomical.nii",
        NIBABEL,
        "nibabel/tests/data/anatomical.nii",
        "application/octet-stream",
        "Anatomical image, 33 x 41 x 25 voxels",
    ),
    File(
        "neuroimaging/subject-01/functional.nii",
        NIBABEL,
        "nibabel/tests/data/functional.nii",
        "application/octet-stream",
        "Functional image, 17 x 21 x 3 voxels, 20 times",
    ),
    # Large enough to go up in parts, and an Object that is in a collection without a dataset.
    File(
        "astronomy/de421.bsp",
        SKYFIELD,
        "skyfield_data/data/de421.bsp",
        "application/octet-stream",
        "JPL's ephemeris DE421: Sun, Moon and planets, 1899 to 2053",
    ),
    File(
        "astronomy/finals2000A.all",
        SKYFIELD,
        "skyfield_data/data/finals2000A.all",
        "text/plain",
        "Earth orientation since 1973, from the IERS",
    ),
    File(
        "weather/seattle-weather.csv",
        VEGA,
        "vega_datasets/_data/seattle-weather.csv",
        "text/csv",
        "Seattle day by day, 2012 to 2015",
        head_lines=FIRST_YEAR_LINES,
    ),
    File(
        "weather/seattle-temps-2010.csv",
        VEGA,
        "vega_datasets/_data/seattle-temps.csv",
        "text/csv",
        "Seattle hour by hour, 2010",
    ),
    File(
        "weather/sf-temps-2010.csv",
        VEGA,
        "vega_datasets/_data/sf-temps.csv",
        "text/csv",
        "San Francisco hour by hour, 2010",
    ),
)

WEATHER: Final = "weather/seattle-weather.csv"
MONTHS: Final = "weather/monthly-temperatures.csv"
CHART: Final = "weather/monthly-temperatures.svg"
"""MONTHS is computed from WEATHER and CHART drawn from MONTHS (app/demo/derived.py)."""

DRAFT: Final = "weather/draft.csv"
REPLACES: Final = "replaces"
"""DRAFT is MONTHS of the first year alone. MONTHS replaces it; it is deleted, and stays as a tombstone."""

COPY_SOURCE: Final = "ecology/palmer-penguins/penguins.csv"
COPY: Final = "ecology/teaching/penguins.csv"
"""A copy by the server. Its dataset is made by the copy itself."""

DESCRIBED: Final = "ecology/palmer-penguins"
METADATA: Final = "ecology/palmer-penguins/README.json"
METADATA_CONTENT: Final = {
    "name": "Palmer Archipelago penguins",
    "license": "CC0-1.0",
    "creator": ["Allison Horst", "Alison Hill", "Kristen Gorman"],
    "citation": "https://doi.org/10.1371/journal.pone.0090081",
    "variableMeasured": [
        {"name": "bill_length_mm", "unitText": "mm"},
        {"name": "bill_depth_mm", "unitText": "mm"},
        {"name": "flipper_length_mm", "unitText": "mm"},
        {"name": "body_mass_g", "unitText": "g"},
    ],
}
"""A metadata object about DESCRIBED, begun in GraphQL and uploaded to the URL that it answers."""

TITLES: Final = {
    METADATA: "About this dataset, for programs",
    COPY: "Penguins, a copy for teaching",
    MONTHS: "Seattle: mean daily minimum and maximum by month",
    CHART: "Seattle: mean daily minimum to maximum, a chart",
}

LABELS: Final = {
    COPY_SOURCE: {"species": "penguin", "use": "research"},
    COPY: {"species": "penguin", "use": "teaching"},
    WEATHER: {"station": "Seattle"},
    MONTHS: {"station": "Seattle"},
}
"""Key-value labels by the key of the Object: what bears one is found by `labelled`."""

SNAPSHOT_OF: Final = "weather"
SNAPSHOT_VERSION: Final = "1.0.0"
"""A snapshot taken when WEATHER had its first revision alone."""

RELATIONS: Final = (
    Relation(METADATA, "METADATA", "ecology/palmer-penguins/"),
    Relation(
        "ecology/palmer-penguins/penguins.csv",
        "CUSTOM",
        "ecology/palmer-penguins/penguins-raw.csv",
        "derivedFrom",
        "Columns chosen and renamed, the year taken from the date.",
    ),
    Relation(
        "genomics/chip-seq/alignments/control.bam.bai", "CUSTOM", "genomics/chip-seq/alignments/control.bam", "indexes"
    ),
    Relation("genomics/chip-seq/chipseq.bed", "CUSTOM", "genomics/chip-seq/background.bed", "comparedWith"),
    Relation(
        "neuroimaging/subject-01/functional.nii",
        "CUSTOM",
        "neuroimaging/subject-01/anatomical.nii",
        "sameSpaceAs",
        "Both are normalised by SPM.",
    ),
    Relation(MONTHS, "CUSTOM", WEATHER, "derivedFrom", "Means of the daily extremes, by calendar month."),
    Relation(CHART, "CUSTOM", MONTHS, "plots"),
)

CITATIONS: Final = (
    Citation("ecology/palmer-penguins/", "DOI", "10.1371/journal.pone.0090081", "Gorman, Williams and Fraser 2014"),
    Citation(COPY, "DOI", "10.1371/journal.pone.0090081", "Gorman, Williams and Fraser 2014"),
    Citation("ecology/iris/", "DOI", "10.1111/j.1469-1809.1936.tb02137.x", "Fisher 1936"),
    Citation("genomics/chip-seq/", "DOI", "10.1093/bioinformatics/btz615", "PyRanges, where these files come from"),
    Citation(
        "astronomy/de421.bsp",
        "URL",
        "https://ipnpr.jpl.nasa.gov/progress_report/42-178/178C.pdf",
        "Folkner, Williams and Boggs 2009",
    ),
)

READABLE: Final = "weather/"
"""What READER may read, and nothing else."""
